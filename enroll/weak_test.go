package enroll

import (
	"slices"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/passkeytest"
)

// realm are the rules of tenants that know of each other.
func realm(all ...Rules) []Rules {
	of := func(tenant string) (Rules, bool) {
		i := slices.IndexFunc(all, func(r Rules) bool { return r.Tenant == tenant })
		if i < 0 {
			return Rules{}, false
		}
		return all[i], true
	}
	for i := range all {
		all[i].Of = of
	}
	return all
}

// addMail sets up codes by mail beside what there is.
func (w *world) addMail(p Person, r Rules, f *Flag) *Enrolled {
	w.t.Helper()
	v := w.begin(p, r, f)
	setup, err := w.BeginEmail(ctx, v, p, r, f, "", write)
	w.ok(err)
	code := ""
	if !setup.Proven {
		code = mailedCode(w.t, w.post.letter(w.t))
	}
	e, err := w.FinishEmail(ctx, v, p, r, f, code, "")
	w.ok(err)
	return e
}

// byMail proves by a mailed code.
func (w *world) byMail(p Person, r Rules) *Flag {
	w.t.Helper()
	id, code := w.askMail(p, r, false)
	f, err := w.ProveEmail(ctx, p, r, id, code, false)
	w.ok(err)
	return f
}

// changesNothing tries every change with a proof: none is made. good is one that
// may begin what the other then tries to finish.
func (w *world) changesNothing(p Person, r Rules, f, good *Flag, id string) {
	w.t.Helper()
	v := w.begin(p, r, good)
	options, err := w.BeginPasskey(ctx, v, p, r, good, here, "")
	w.ok(err)
	answer, err := device().Create(options)
	w.ok(err)
	before := w.text(p)
	_, err = w.BeginPasskey(ctx, v, p, r, f, here, "")
	w.refused(err, ErrFreshProof)
	_, err = w.FinishPasskey(ctx, v, p, r, f, here, answer, named)
	w.refused(err, ErrFreshProof)
	w.refused(w.Rename(ctx, p, r, f, id, "mine"), ErrFreshProof)
	w.refused(w.SetDefault(ctx, p, r, f, id), ErrFreshProof)
	w.refused(w.Remove(ctx, p, r, f, id), ErrFreshProof)
	if after := w.text(p); after != before {
		w.t.Fatalf("changed from %s\nto %s", before, after)
	}
}

// TestDesign_WeakProofChangesNothingStrong: whoever has the password and the
// mailbox makes themselves no passkey, takes none away, and gets no recovery codes.
func TestDesign_WeakProofChangesNothingStrong(t *testing.T) {
	w, p, r, d := newWorld(t), person("bob"), keyed(), device()
	r.Methods, r.Undo = append(r.Methods, KindEmail), true
	r.Recovery = []Kind{KindCodes, KindEmail}
	e := w.key(p, r, nil, d)
	mailbox := w.addMail(p, r, &e.Flag)
	w.clock.add(time.Minute)
	weak := w.byMail(p, r)
	good, err := w.use(p, r, d)
	w.ok(err)
	for _, id := range []string{e.Method.ID, mailbox.Method.ID} {
		w.changesNothing(p, r, weak, good, id)
	}
	before := w.text(p)
	_, err = w.NewRecoveryCodes(ctx, p, r, weak)
	w.refused(err, ErrFreshProof)
	if w.text(p) != before {
		t.Error("the codes are others")
	}
	a := w.account(p)
	for kind, helps := range map[Kind]bool{KindPasskey: true, KindCodes: true, KindEmail: false, KindTOTP: false} {
		if a.Helps(r, kind) != helps {
			t.Errorf("%s helps: %v", kind, !helps)
		}
	}
	w.ok(w.Rename(ctx, p, r, good, e.Method.ID, "mine"))
	_, err = w.NewRecoveryCodes(ctx, p, r, good)
	w.ok(err)
	w.ok(w.Remove(ctx, p, r, good, e.Method.ID))

	// With nothing but the mailbox left, the mailbox is enough.
	w.clock.add(time.Minute)
	w.key(p, r, w.byMail(p, r), &passkeytest.Device{Origin: here.Origin, Counts: true})
}

// TestDesign_WeakProofChangesNothingStrong_Tenants: nor by way of another tenant,
// which takes mailed codes.
func TestDesign_WeakProofChangesNothingStrong_Tenants(t *testing.T) {
	w, p, d := newWorld(t), person("bob"), device()
	strict, mailed := keyed(), lima()
	strict.Methods, mailed.Methods, mailed.Limits = []Kind{KindPasskey}, []Kind{KindEmail}, nil
	all := realm(strict, mailed)
	strict, mailed = all[0], all[1]
	e := w.key(p, strict, nil, d)
	w.addMail(p, mailed, &e.Flag)
	w.clock.add(time.Minute)
	weak := w.byMail(p, mailed)
	good, err := w.use(p, strict, d)
	w.ok(err)
	w.changesNothing(p, strict, weak, good, e.Method.ID)
	w.refused(w.Remove(ctx, p, mailed, weak, e.Method.ID), ErrFreshProof)
	_, err = w.NewRecoveryCodes(ctx, p, mailed, weak)
	w.refused(err, ErrFreshProof)
}

// TestDesign_ProofOfAnotherTenantChangesNothing: a whole second factor of one
// tenant begins in another, and changes nothing where a method counts already, not
// by recovery codes either.
func TestDesign_ProofOfAnotherTenantChangesNothing(t *testing.T) {
	w, p, d := newWorld(t), person("bob"), device()
	strict := keyed()
	strict.Methods = []Kind{KindPasskey}
	all := realm(strict, lima())
	strict, other := all[0], all[1]
	e := w.key(p, strict, nil, d)
	_, app := w.enrol(p, other, &e.Flag) // nothing counted there yet
	w.clock.add(time.Minute)
	totp, err := w.ProveTOTP(ctx, p, other, app.code(t, w.clock.now()), false)
	w.ok(err)
	good, err := w.use(p, strict, d)
	w.ok(err)
	w.changesNothing(p, strict, totp, good, e.Method.ID)
	w.refused(w.Remove(ctx, p, other, totp, e.Method.ID), ErrFreshProof)

	codes, err := w.NewRecoveryCodes(ctx, p, other, totp)
	w.ok(err)
	_, err = w.ProveRecovery(ctx, p, strict, codes[0], false)
	w.refused(err, ErrNotOffered)
	if a := w.account(p); a.TakesCodes(strict) || !a.TakesCodes(other) || a.Helps(strict, KindTOTP) || !a.Helps(other, KindTOTP) {
		t.Errorf("got %+v", a)
	}
	byCode, err := w.ProveRecovery(ctx, p, other, codes[0], false)
	w.ok(err)
	w.changesNothing(p, strict, byCode, good, e.Method.ID)

	// Tenants that share take each other's proofs, of kinds that both name.
	strict.Share, other.Share = "everywhere", "everywhere"
	strict.Methods = []Kind{KindPasskey, KindTOTP}
	strict = realm(strict, other)[0]
	w.ok(w.Rename(ctx, p, strict, totp, e.Method.ID, "mine"))
}

// TestDesign_WeakProofChangesNothingStrong_Codes: codes say no more than the proof
// that they were made with.
func TestDesign_WeakProofChangesNothingStrong_Codes(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), mailing()
	e := w.enrolMail(p, r)
	renewed, err := w.NewRecoveryCodes(ctx, p, r, &e.Flag)
	w.ok(err)
	w.restart()
	byCode, err := w.ProveRecovery(ctx, p, r, renewed[0], false)
	w.ok(err)
	if !slices.Equal(byCode.AMR, []string{"otp"}) {
		t.Errorf("a code made by mail says %v", byCode.AMR)
	}
	_, app := w.enrol(p, r, byCode) // there is nothing stronger
	byCode, err = w.ProveRecovery(ctx, p, r, renewed[1], false)
	w.ok(err)
	w.refused(w.Rename(ctx, p, r, byCode, e.Method.ID, "mine"), ErrFreshProof)
	if w.account(p).Helps(r, KindCodes) {
		t.Error("they are said to help")
	}
	w.clock.add(time.Minute)
	strong, err := w.ProveTOTP(ctx, p, r, app.code(t, w.clock.now()), false)
	w.ok(err)
	renewed, err = w.NewRecoveryCodes(ctx, p, r, strong)
	w.ok(err)
	byCode, err = w.ProveRecovery(ctx, p, r, renewed[0], false)
	w.ok(err)
	if !slices.Equal(byCode.AMR, []string{"otp", "mfa"}) {
		t.Errorf("a code made with an app says %v", byCode.AMR)
	}
	w.ok(w.Rename(ctx, p, r, byCode, e.Method.ID, "mine"))
}

// TestDesign_WeakProof_FirstCodesOfMail: those that came with a mailbox are no
// more than it, either.
func TestDesign_WeakProof_FirstCodesOfMail(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), mailing()
	e := w.enrolMail(p, r)
	f, err := w.ProveRecovery(ctx, p, r, e.RecoveryCodes[0], false)
	w.ok(err)
	if isMFA(f.AMR) {
		t.Errorf("got %v", f.AMR)
	}
}
