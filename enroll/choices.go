package enroll

import "slices"

// kindsByStrength are all kinds that can be registered, the strongest first.
var kindsByStrength = []Kind{KindPasskey, KindTOTP, KindSMS, KindEmail}

// Choices are the kinds among which a person chooses what to register, the
// strongest first. They follow from the policy, from what is owed, and from what
// the person has, and from nothing else: has are the methods that count in the
// tenant; owed says that one is asked for, strong that only a phishing-resistant
// one will do.
//
// The first must be a method that counts where the tenant requires one; what is
// asked for beyond that may be a way of recovery. Where nothing but recovery is
// asked for, nothing but its ways are. What the limits leave no room for is not
// offered.
func (r Rules) Choices(has []Method, owed, strong bool) []Kind {
	methods := 0
	for _, m := range has {
		if slices.Contains(r.Methods, m.Kind) {
			methods++
		}
	}
	kinds := []Kind{}
	all := kindsByStrength
	if r.Assigned.IsOIDC() {
		all = append([]Kind{r.Assigned}, all...)
	}
	for _, kind := range all {
		counts := slices.Contains(r.Methods, kind)
		var offered bool
		switch {
		case strong && owed:
			offered = counts && kind == KindPasskey
		case owed && r.Required && methods < max(r.Minimum, 1):
			offered = counts
		case owed && !r.Required && r.RecoveryRequired:
			offered = slices.Contains(r.Recovery, kind) && r.Takes(kind)
		case len(has) == 0 && !r.RecoveryRequired:
			offered = counts
		default:
			offered = r.Takes(kind)
		}
		if offered && r.room(has, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// room reports whether one more of a kind may be had.
func (r Rules) room(has []Method, kind Kind) bool {
	n := 0
	for _, m := range has {
		if m.Kind == kind && m.Tenant == r.Tenant {
			n++
		}
	}
	return n < r.limit(kind)
}

// limit is how many of a kind may be had in the tenant.
func (r Rules) limit(kind Kind) int {
	if most, set := r.Limits[kind.Base()]; set {
		return most
	}
	switch kind.Base() {
	case KindPasskey:
		return defaultPasskeys
	case KindEmail, "oidc":
		return defaultEmails
	case KindSMS:
		return defaultPhones
	}
	return defaultLimit
}

// GivesCodes reports whether recovery codes come with the first method, and let
// in here.
func (r Rules) GivesCodes() bool { return r.Recovery == nil || slices.Contains(r.Recovery, KindCodes) }
