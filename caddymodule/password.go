package caddymodule

// learnWhose asks who it is before a request that may change a password: on an
// open path nobody was asked yet, and afterwards the app may know nobody by this
// session. Whoever stole the old password had a proof of his own to lose.
func (p *passage) learnWhose() {
	if p.who == &nobodyYet && p.gate.chain.ChangesPassword(p.watch()) {
		p.identify()
	}
}
