package enroll

import (
	"context"
	"time"
)

// Texter sends text messages. SendText returns once the message is accepted for
// delivery; its errors name neither the number nor the text.
type Texter interface {
	SendText(ctx context.Context, number, text string) error
}

// Note is what a text message has to say.
type Note struct {
	Code    string
	Expires time.Time
}
