package enroll

import "context"

// ProveTOTP checks a code of any of the person's authenticator apps. known: this
// browser has proved this account before.
func (s *Service) ProveTOTP(ctx context.Context, p Person, r Rules, code string, known bool) (*Flag, error) {
	return nil, ErrStoreDown
}

// ProveRecovery spends a recovery code.
func (s *Service) ProveRecovery(ctx context.Context, p Person, r Rules, code string, known bool) (*Flag, error) {
	return nil, ErrStoreDown
}
