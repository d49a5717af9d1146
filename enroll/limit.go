package enroll

import (
	"time"
)

const (
	// window is the time in which wrong codes and mails are counted.
	window = 15 * time.Minute
	// maxWrong is how many wrong codes an account may get in it, for one factor.
	maxWrong = 5
	// maxWait is the longest a person has to wait.
	maxWait = 24 * time.Hour
)

// tries counts the wrong codes of one account and factor. It stands in the
// account, so that no new session, address, browser or restart begins it anew.
//
// Five wrong codes in 15 minutes begin a wait of 15 minutes; each wrong code
// after it begins one twice as long, to a day, until a right one. While a wait
// lasts nothing is checked, so that nothing can be learned.
type tries struct {
	Wrong []time.Time `json:"wrong,omitempty"`
	Until time.Time   `json:"until,omitzero"`
	Waits int         `json:"waits,omitempty"`
}

// bucket names the count of a factor. A browser that has proved this account
// before has its own: the attack is to lock a victim out with wrong codes.
func bucket(k Kind, known bool) string {
	if known {
		return string(k) + " known"
	}
	return string(k)
}

// tries finds (and makes) the count of a bucket.
func (a *account) tries(bucket string) *tries {
	if a.Tries == nil {
		a.Tries = map[string]*tries{}
	}
	if a.Tries[bucket] == nil {
		a.Tries[bucket] = &tries{}
	}
	return a.Tries[bucket]
}

// wait is how long nothing is checked yet, and 0 where a try counts.
func (t *tries) wait(now time.Time) time.Duration {
	// A clock that was set back must not make a wait longer than any can be.
	return min(max(0, t.Until.Sub(now)), maxWait)
}

// recent are the wrong codes that still count.
func (t *tries) recent(now time.Time) []time.Time {
	return keep(t.Wrong, func(w time.Time) bool { return now.Sub(w) < window })
}

// left is how many wrong codes there may be before a wait.
func (t *tries) left(now time.Time) int {
	if t.Waits > 0 {
		return 1
	}
	return max(1, maxWrong-len(t.recent(now)))
}

// wrong counts one and says how many are left before a wait.
func (t *tries) wrong(now time.Time) (left int) {
	t.Wrong = append(t.recent(now), now)
	if left = maxWrong - len(t.Wrong); left > 0 && t.Waits == 0 {
		return left
	}
	wait := maxWait
	if t.Waits < 7 {
		wait = min(maxWait, window<<t.Waits)
	}
	t.Until = now.Add(wait)
	t.Waits++
	return 0
}

// right ends the growing of waits. What was wrong in the last 15 minutes still
// counts: else whoever guesses gets new tries each time the person signs in.
func (t *tries) right() { t.Waits, t.Until = 0, time.Time{} }

// over tells whether the count has nothing left to say.
func (t *tries) over(now time.Time) bool {
	end := t.Until
	if t.Waits > 0 {
		end = end.Add(maxWait) // a day without a wrong code and the waits begin anew
	}
	for _, w := range t.Wrong {
		if e := w.Add(window); e.After(end) {
			end = e
		}
	}
	return !now.Before(end)
}

// tooMany is the refusal while a wait lasts.
func tooMany(wait time.Duration) error {
	return &Error{Reason: ErrTooMany.Reason, Status: ErrTooMany.Status, RetryAfter: wait}
}

// badCode is the refusal of a code that was counted.
func badCode(left int) error {
	return &Error{Reason: ErrBadCode.Reason, Status: ErrBadCode.Status, Left: left}
}
