// Command gkinit is process 1 of the embedded cluster's PID namespace: it prepares the private mounts, starts the
// components in their order, restarts what ends, reaps orphans and keeps a status file that `npm run cluster` reads.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	pollInterval   = 50 * time.Millisecond
	maxBackoff     = 10 * time.Second
	stableAfter    = 30 * time.Second // a component that ran this long starts again without a growing delay
	stopGrace      = 6 * time.Second
	logRotateBytes = 8 << 20
)

// Mount is done before anything starts; the mount namespace is private, so the host never sees it.
type Mount struct {
	Type   string `json:"type"` // "tmpfs" or "bind"
	Source string `json:"source"`
	Target string `json:"target"`
}

// Component is one long-running process. WaitTCP, WaitUnix and WaitFile hold back its first start.
type Component struct {
	Name     string   `json:"name"`
	Argv     []string `json:"argv"`
	Log      string   `json:"log"`
	WaitTCP  string   `json:"waitTcp"`
	WaitUnix string   `json:"waitUnix"`
	WaitFile string   `json:"waitFile"`
}

// Config is the file that the TypeScript side writes.
type Config struct {
	Mounts     []Mount     `json:"mounts"`
	Components []Component `json:"components"`
	Env        []string    `json:"env"`
	StatusFile string      `json:"statusFile"`
}

// Status is what the status file says of a component; Pid counts inside this PID namespace.
type Status struct {
	Name      string `json:"name"`
	State     string `json:"state"` // "waiting", "running" or "exited"
	Pid       int    `json:"pid"`
	StartedAt int64  `json:"startedAt"` // Unix time in milliseconds
	Restarts  int    `json:"restarts"`
	LastExit  string `json:"lastExit"`
}

type supervisor struct {
	mu       sync.Mutex
	config   Config
	status   []Status
	waiters  map[int]chan syscall.WaitStatus
	stopping bool
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: gkinit CONFIG.json"))
	}
	raw, err := os.ReadFile(os.Args[1])
	fail(err)
	s := &supervisor{waiters: map[int]chan syscall.WaitStatus{}}
	fail(json.Unmarshal(raw, &s.config))
	fail(remountCgroups())
	for _, m := range s.config.Mounts {
		fail(mount(m))
	}
	// Refused without CAP_SYS_RESOURCE; then the kernel's own choice stands.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("-999"), 0)
	children := make(chan os.Signal, 64)
	stop := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	for _, c := range s.config.Components {
		s.status = append(s.status, Status{Name: c.Name, State: "waiting"})
	}
	s.publish()
	for i := range s.config.Components {
		go s.keepRunning(i)
	}
	go s.reapForever(children)
	<-stop
	s.stopAll()
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "gkinit:", err)
		os.Exit(1)
	}
}

func mount(m Mount) error {
	if m.Type == "bind" {
		if err := syscall.Mount(m.Source, m.Target, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
			return fmt.Errorf("bind %s on %s: %w", m.Source, m.Target, err)
		}
		return nil
	}
	if err := syscall.Mount("tmpfs", m.Target, "tmpfs", 0, "mode=0755,size=64m"); err != nil {
		return fmt.Errorf("tmpfs on %s: %w", m.Target, err)
	}
	return nil
}

func (s *supervisor) keepRunning(i int) {
	c := s.config.Components[i]
	waitFor(c)
	backoff := time.Second
	for {
		began := time.Now()
		exit := s.runOnce(i)
		s.set(i, func(st *Status) { st.State, st.LastExit, st.Pid = "exited", exit, 0 })
		if time.Since(began) > stableAfter {
			backoff = time.Second
		}
		time.Sleep(backoff)
		backoff = min(2*backoff, maxBackoff)
		s.set(i, func(st *Status) { st.Restarts++ })
	}
}

func waitFor(c Component) {
	for c.WaitFile != "" {
		if _, err := os.Stat(c.WaitFile); err == nil {
			break
		}
		time.Sleep(pollInterval)
	}
	waitForListener("tcp", c.WaitTCP)
	waitForListener("unix", c.WaitUnix)
}

func waitForListener(network, address string) {
	for address != "" {
		if conn, err := net.DialTimeout(network, address, time.Second); err == nil {
			_ = conn.Close()
			break
		}
		time.Sleep(pollInterval)
	}
}

// runOnce starts the component and returns how it ended.
func (s *supervisor) runOnce(i int) string {
	c := s.config.Components[i]
	log, err := openLog(c.Log)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = log.Close() }()
	ended := make(chan syscall.WaitStatus, 1)
	s.mu.Lock() // held over the start, so that the reaper cannot meet a child that nobody has registered
	if s.stopping {
		s.mu.Unlock()
		select {}
	}
	p, err := os.StartProcess(c.Argv[0], c.Argv, &os.ProcAttr{
		Dir: "/", Env: s.config.Env, Files: []*os.File{nil, log, log}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err == nil {
		s.waiters[p.Pid] = ended
	}
	s.mu.Unlock()
	if err != nil {
		return err.Error()
	}
	s.set(i, func(st *Status) { st.State, st.Pid, st.StartedAt = "running", p.Pid, time.Now().UnixMilli() })
	return describe(<-ended)
}

func describe(ws syscall.WaitStatus) string {
	if ws.Signaled() {
		return fmt.Sprintf("killed by signal %d (%s)", ws.Signal(), ws.Signal())
	}
	return fmt.Sprintf("exit code %d", ws.ExitStatus())
}

func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > logRotateBytes {
		_ = os.Rename(path, path+".1")
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// reapForever collects every ended child: components, and the orphans that containerd's shims leave.
func (s *supervisor) reapForever(children <-chan os.Signal) {
	tick := time.NewTicker(time.Second)
	for {
		s.mu.Lock()
		for {
			var ws syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
			if err != nil || pid <= 0 {
				break
			}
			if ended, ok := s.waiters[pid]; ok {
				delete(s.waiters, pid)
				ended <- ws
			}
		}
		s.mu.Unlock()
		select {
		case <-children:
		case <-tick.C:
		}
	}
}

func (s *supervisor) set(i int, change func(*Status)) {
	s.mu.Lock()
	change(&s.status[i])
	s.mu.Unlock()
	s.publish()
}

func (s *supervisor) publish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, _ := json.Marshal(s.status)
	next := filepath.Join(filepath.Dir(s.config.StatusFile), ".components.next")
	if err := os.WriteFile(next, raw, 0o600); err == nil {
		_ = os.Rename(next, s.config.StatusFile)
	}
}

// stopAll ends the kubelet first, so that it starts nothing again, asks the containers to stop, and leaves; the kernel
// kills what is left when process 1 ends. The control plane needs no farewell: it loses nothing when it is killed.
func (s *supervisor) stopAll() {
	s.mu.Lock()
	s.stopping = true
	for _, st := range s.status {
		if st.Name == "kubelet" && st.Pid > 0 {
			_ = syscall.Kill(st.Pid, syscall.SIGKILL)
		}
	}
	s.mu.Unlock()
	asked := containers()
	for _, pid := range asked {
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	for end := time.Now().Add(stopGrace); len(asked) > 0 && time.Now().Before(end); time.Sleep(pollInterval) {
		asked = containers()
	}
	os.Exit(0)
}

// containers finds the first process of every container: it has an id of its own, 1, in a PID namespace below this one.
func containers() []int {
	files, _ := filepath.Glob("/proc/[0-9]*/status")
	var found []int
	for _, file := range files {
		text, _ := os.ReadFile(file)
		_, ids, _ := strings.Cut(string(text), "\nNSpid:")
		ids, _, _ = strings.Cut(ids, "\n")
		if fields := strings.Fields(ids); len(fields) == 2 && fields[1] == "1" {
			if pid, err := strconv.Atoi(fields[0]); err == nil {
				found = append(found, pid)
			}
		}
	}
	return found
}
