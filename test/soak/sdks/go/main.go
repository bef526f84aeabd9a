// An application with sentry-go: for each line of its input it sends something, and prints the id once that is answered or dropped.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/getsentry/sentry-go"
)

const flush = 20 * time.Second

var transactionID sentry.EventID

func main() {
	err := sentry.Init(sentry.ClientOptions{
		Release:          "sdks@1",
		EnableTracing:    true,
		TracesSampleRate: 1,
		BeforeSendTransaction: func(event *sentry.Event, _ *sentry.EventHint) *sentry.Event {
			transactionID = event.EventID
			return event
		},
	})
	if err != nil {
		panic(err)
	}
	commands := map[string]func() string{
		"exception":   func() string { return idOf(sentry.CaptureException(errors.New("the order has no rows"))) },
		"message":     func() string { return idOf(sentry.CaptureMessage("the cache was cold")) },
		"large":       sendLarge,
		"attachment":  sendAttachment,
		"transaction": sendTransaction,
	}
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		command := input.Text()
		id := commands[command]()
		sentry.Flush(flush)
		line, _ := json.Marshal(map[string]string{"command": command, "id": id})
		fmt.Println(string(line))
	}
	sentry.Flush(flush)
}

func idOf(id *sentry.EventID) string {
	return string(*id)
}

func sendLarge() (id string) {
	rows := sentry.Context{}
	for row := range 400 {
		bytes := make([]byte, 500)
		_, _ = rand.Read(bytes)
		rows[fmt.Sprintf("row %d", row)] = hex.EncodeToString(bytes)
	}
	sentry.WithScope(func(scope *sentry.Scope) {
		scope.SetContext("large", rows)
		id = idOf(sentry.CaptureException(errors.New("too many rows")))
	})
	return id
}

func sendAttachment() (id string) {
	sentry.WithScope(func(scope *sentry.Scope) {
		scope.AddAttachment(&sentry.Attachment{Filename: "order.log", ContentType: "text/plain", Payload: []byte(strings.Repeat("a line of the log\n", 5_000))})
		id = idOf(sentry.CaptureException(errors.New("see the log")))
	})
	return id
}

func sendTransaction() string {
	sentry.StartTransaction(context.Background(), "GET /orders", sentry.WithOpName("http.server")).Finish()
	return string(transactionID)
}
