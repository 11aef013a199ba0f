// SPDX-License-Identifier: MIT

// A TLS client and an echo server by Go, as peers for peer_test.cpp.
//
//	go_peer client ROOTS ADDRESS     says hi with TLS 1.2 and 1.3 and prints what comes; then fails twice
//	go_peer server ROOTS PEM COUNT   prints its address, echoes COUNT connections
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"strconv"
)

func client(roots *x509.CertPool, address string) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: v,
			MaxVersion: v, NextProtos: []string{"http/1.1"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		c.Write([]byte("hi"))
		all, err := io.ReadAll(c)
		fmt.Println(len(all), err, c.ConnectionState().NegotiatedProtocol)
		c.Close()
	}
	_, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: "elsewhere"})
	fmt.Println(err)
	_, err = tls.Dial("tcp", address, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"})
	fmt.Println(err)
}

func server(file string, count int) {
	cert, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		panic(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	for range count {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		n, err := io.Copy(c, c)
		fmt.Println(n, err)
		c.Close()
	}
}

func main() {
	pem, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	if os.Args[1] == "client" {
		client(roots, os.Args[3])
		return
	}
	count, _ := strconv.Atoi(os.Args[4])
	server(os.Args[3], count)
}
