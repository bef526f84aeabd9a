// Command netpol enforces NetworkPolicies on the node: kube-router's policy controller, which k3s embeds as well, and
// nothing else of it (no routes, no Services). It writes iptables chains of its own into the filter table, and ipsets.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	node := flag.String("node", "", "name of the node")
	services := flag.String("services", "", "network of the Services")
	klog.InitFlags(nil)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, *kubeconfig, *node, *services); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context, kubeconfig, node, services string) error {
	access, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return err
	}
	if err := waitForNode(ctx, client, node); err != nil {
		return err
	}
	return enforce(ctx, client, settings(node, services))
}

// waitForNode returns once the kubelet has registered the node with its address: the controller asks for it once.
func waitForNode(ctx context.Context, client kubernetes.Interface, name string) error {
	for {
		if node, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{}); err == nil {
			for _, address := range node.Status.Addresses {
				if address.Type == v1.NodeInternalIP {
					return nil
				}
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func settings(node, services string) *options.KubeRouterConfig {
	config := options.NewKubeRouterConfig()
	config.EnableIPv4 = true
	config.HostnameOverride = node
	config.ClusterIPCIDRs = []string{services}
	return config
}

// enforce keeps the rules in step with pods, namespaces and policies until the context ends. The rules stay behind: a
// policy engine that is started again must not open everything in between.
func enforce(ctx context.Context, client kubernetes.Interface, config *options.KubeRouterConfig) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	tables, sets, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return err
	}
	controller, err := netpol.NewNetworkPolicyController(client, config, pods, policies, namespaces, &sync.Mutex{}, tables, sets)
	if err != nil {
		return err
	}
	_, onPods := pods.AddEventHandler(controller.PodEventHandler)
	_, onNamespaces := namespaces.AddEventHandler(controller.NamespaceEventHandler)
	_, onPolicies := policies.AddEventHandler(controller.NetworkPolicyEventHandler)
	if err := errors.Join(onPods, onNamespaces, onPolicies); err != nil {
		return err
	}
	// Every synchronization begins with a heartbeat; nobody reads them, and it would wait for a reader.
	heartbeats := make(chan *healthcheck.ControllerHeartbeat)
	go func() {
		for range heartbeats {
		}
	}()
	var running sync.WaitGroup
	running.Add(1)
	controller.Run(heartbeats, ctx.Done(), &running)
	return nil
}
