// Package ext stands in for github.com/traefik/traefik/dynamic/ext, a module of its own in Traefik's repository and in no
// proxy: fields that other builds of Traefik add to its configuration. The open one adds none.
package ext

type HTTP struct{}
type Router struct{}
