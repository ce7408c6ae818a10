// An echo client in Go: client HOST PORT
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
)

func main() {
	connection, err := net.Dial("tcp", net.JoinHostPort(os.Args[1], os.Args[2]))
	if err != nil {
		fmt.Println("cannot connect:", err)
		os.Exit(1)
	}
	defer connection.Close()
	fmt.Println("connected to", connection.RemoteAddr())
	typed := bufio.NewScanner(os.Stdin)
	replies := bufio.NewReader(connection)
	for typed.Scan() && typed.Text() != "exit" {
		if _, err := fmt.Fprintln(connection, typed.Text()); err != nil {
			fmt.Println("connection lost:", err)
			break
		}
		fmt.Println("sent", len(typed.Text()), "bytes")
		reply, err := replies.ReadString('\n')
		if err != nil {
			fmt.Println("connection lost:", err)
			break
		}
		// Quoted, so that no escape sequence reaches the terminal.
		fmt.Println("received", strconv.Quote(reply))
	}
	fmt.Println("disconnected")
}
