// The Go peer of the benchmarks: a goroutine a connection, as in Go's own documentation of net.
package main

import (
	"fmt"
	"log"
	"net"
	"runtime"
)

func echo(connection net.Conn) {
	defer connection.Close()
	data := make([]byte, 16<<10)
	for {
		count, err := connection.Read(data)
		if err != nil {
			return
		}
		if _, err := connection.Write(data[:count]); err != nil {
			return
		}
	}
}

func main() {
	runtime.GOMAXPROCS(1) // the server has one core, as all have
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go echo(connection)
	}
}
