// Shows the node's processes a cgroup tree that begins at the node's own cgroup.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

type cgroupMount struct {
	target, kind, options string
}

// remountCgroups mounts every cgroup hierarchy anew. The process was given a cgroup namespace whose root is the node's
// cgroup, so what is "/" for the kubelet is that cgroup: node-pressure eviction and `kubectl top node` measure the
// node and not the machine. The old mounts are detached first, because their roots would mislead runc and cAdvisor.
func remountCgroups() error {
	mounts, err := cgroupMounts()
	if err != nil {
		return err
	}
	for i := len(mounts) - 1; i >= 0; i-- {
		if err := syscall.Unmount(mounts[i].target, syscall.MNT_DETACH); err != nil {
			return fmt.Errorf("detach %s: %w", mounts[i].target, err)
		}
	}
	for _, m := range mounts {
		flags := uintptr(syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC)
		if err := syscall.Mount("cgroup", m.target, m.kind, flags, m.options); err != nil {
			return fmt.Errorf("mount %s (%s) on %s: %w", m.kind, m.options, m.target, err)
		}
		if m.kind == "cgroup2" {
			handOn(m.target)
		}
	}
	return nil
}

// handOn lets the children of a version 2 cgroup use its controllers; beside version 1 it has none. One that cannot be
// handed on is no reason to stop: the kubelet says which ones it lacks.
func handOn(target string) {
	text, _ := os.ReadFile(filepath.Join(target, "cgroup.controllers"))
	for _, controller := range strings.Fields(string(text)) {
		_ = os.WriteFile(filepath.Join(target, "cgroup.subtree_control"), []byte("+"+controller), 0)
	}
}

// cgroupMounts reads /proc/self/mountinfo: "... ROOT TARGET OPTIONS ... - KIND SOURCE SUPER-OPTIONS" (proc(5)).
func cgroupMounts() ([]cgroupMount, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var mounts []cgroupMount
	for lines := bufio.NewScanner(file); lines.Scan(); {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if len(left) < 5 || len(right) < 3 || !strings.HasPrefix(right[0], "cgroup") ||
			!strings.HasPrefix(left[4], "/sys/fs/cgroup") {
			continue
		}
		mounts = append(mounts, cgroupMount{target: left[4], kind: right[0], options: hierarchy(right[0], right[2])})
	}
	return mounts, nil
}

// hierarchy keeps of the super options what names the hierarchy: controllers, or the name of one without controllers.
func hierarchy(kind, superOptions string) string {
	if kind == "cgroup2" {
		return ""
	}
	var kept []string
	for _, option := range strings.Split(superOptions, ",") {
		switch {
		case option == "rw" || option == "ro" || option == "xattr" || option == "clone_children":
		case strings.HasPrefix(option, "release_agent="):
		case strings.HasPrefix(option, "name="):
			kept = append(kept, "none", option)
		default:
			kept = append(kept, option)
		}
	}
	return strings.Join(kept, ",")
}
