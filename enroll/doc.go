// Package enroll answers one question: can this person prove a second factor?
//
// It keeps the accounts (methods, recovery codes, limits), runs the visits in
// which people enrol, checks codes, and signs the tokens that carry a proof
// from one request to the next. It knows neither the web server it runs in nor
// the rules of a tenant: whoever calls it passes the person, the rules and the
// flag that hold for this very request, and every call decides afresh on them.
package enroll
