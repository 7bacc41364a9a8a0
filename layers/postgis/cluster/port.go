package cluster

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// freePort returns a port that nobody listens on. It is not one of those that the kernel gives to connections (from 32768
// on, as Linux is set): a server that is stopped would lose it to some connection before it starts again.
func freePort() (int, error) {
	const lowest, beyond = 15000, 32000
	for range 100 {
		if port := lowest + rand.IntN(beyond-lowest); tryPort(port) == nil {
			return port, nil
		}
	}
	return 0, errors.New("no free port on 127.0.0.1: a hundred were tried")
}

// tryPort fails where the port cannot be listened on.
func tryPort(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}
