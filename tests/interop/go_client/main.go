// Sends numbered events with the Go client, whose code Docker's log driver is made of.
package main

import (
	"flag"
	"log"
	"time"

	"github.com/fluent/fluent-logger-golang/fluent"
)

func main() {
	var config fluent.Config
	flag.StringVar(&config.FluentNetwork, "network", "tcp", "tcp, unix or tls")
	flag.IntVar(&config.FluentPort, "port", 0, "TCP port of 127.0.0.1")
	flag.StringVar(&config.FluentSocketPath, "path", "", "unix socket")
	flag.BoolVar(&config.Async, "async", false, "queue, and send in the background")
	flag.BoolVar(&config.RequestAck, "ack", false, "wait for the ack of each message")
	flag.BoolVar(&config.SubSecondPrecision, "subsecond", false, "send EventTime")
	flag.BoolVar(&config.MarshalAsJSON, "json", false, "send JSON")
	count := flag.Int("count", 2000, "how many events")
	flag.Parse()
	config.BufferLimit = *count + 1

	client, err := fluent.New(config)
	if err != nil {
		log.Fatal(err)
	}
	for n := 0; n < *count; n++ {
		when := time.Unix(1700000000, int64(n))
		if err := client.PostWithTime("go.app", when, map[string]interface{}{"n": n}); err != nil {
			log.Fatal(err)
		}
	}
	if err := client.Close(); err != nil {
		log.Fatal(err)
	}
}
