// A goroutine for each client.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
)

func serve(client net.Conn) {
	defer fmt.Println("Client disconnected")
	defer client.Close()
	fmt.Println("Client connected", client.RemoteAddr())
	data := make([]byte, 1024)
	for {
		count, err := client.Read(data)
		if err != nil {
			return
		}
		fmt.Println("Received", count, "bytes")
		if _, err := client.Write(data[:count]); err != nil {
			return
		}
		fmt.Println("Sent", count, "bytes")
	}
}

func listen(port int) net.Listener {
	server, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		fmt.Println(err)
		return listen(port + 1)
	}
	fmt.Println("Server started, it listens on port", port)
	return server
}

func main() {
	fmt.Print("Port [9090]: ")
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	port, err := strconv.Atoi(strings.TrimSpace(answer))
	if err != nil || port < 1 || port > 65535 {
		port = 9090
	}
	server := listen(port)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	go func() {
		<-signals
		fmt.Println("Server stopped")
		os.Exit(0)
	}()
	for {
		client, err := server.Accept()
		if err == nil {
			go serve(client)
		}
	}
}
