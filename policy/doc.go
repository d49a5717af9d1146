// Package policy answers one question: which requests need what?
//
// A policy file (or a directive's own list of prefixes) is loaded once into a
// Policy. Policy.Decide then takes the facts of one request and returns one
// verdict with one reason. It is pure and total: no clock, no I/O, no
// configuration beyond the Policy, an answer for every value of Facts, and no
// allocation where the request's target is written plainly.
//
// Three ideas carry the package, each in its own files:
//
//   - reading.go: what a target means. A protected area is protected in every
//     spelling that some app server would take for it.
//   - load.go: a policy file is read strictly and whole, every mistake is named
//     at once with its place, and nothing is parsed and then ignored.
//   - decide.go: the order in which facts are looked at.
package policy
