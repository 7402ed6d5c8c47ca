//! One test program, one file per room.

mod auth;
mod auth_world;
mod recordings_auth;
mod support;
