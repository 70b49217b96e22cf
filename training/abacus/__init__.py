"""abacus: the small reasoning model that ships with Quorate, and how it was made."""
