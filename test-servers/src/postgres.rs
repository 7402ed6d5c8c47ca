//! PostgreSQL, Debian's.
