// What cert-manager starts as a pod for each challenge by HTTP: it answers with the key that the ACME server asks for.
package main

import (
	"flag"
	"os"

	"github.com/cert-manager/cert-manager/pkg/issuer/acme/http/solver"
	"github.com/go-logr/logr/funcr"
)

func main() {
	one := &solver.HTTP01Solver{}
	flag.IntVar(&one.ListenPort, "listen-port", 8089, "")
	flag.StringVar(&one.Domain, "domain", "", "")
	flag.StringVar(&one.Token, "token", "", "")
	flag.StringVar(&one.Key, "key", "", "")
	flag.Parse()
	log := funcr.New(func(prefix, args string) { os.Stderr.WriteString(prefix + " " + args + "\n") }, funcr.Options{})
	if err := one.Listen(log); err != nil {
		log.Error(err, "listen")
		os.Exit(1)
	}
}
