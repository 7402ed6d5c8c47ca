//! The programs `icloudpd` and `icloud`: the same code as the binaries.

use std::ffi::OsString;

use icloud_photos::{Error, ErrorKind};
use napi_derive::napi;

use crate::errors::raised;

/// Runs one with these arguments on this very thread, and gives its exit code.
#[napi]
pub fn command(name: String, arguments: Vec<String>) -> napi::Result<u32> {
    let arguments: Vec<OsString> = arguments.into_iter().map(OsString::from).collect();
    match name.as_str() {
        "icloudpd" => Ok(icloudpd_cli::icloudpd(&arguments).into()),
        "icloud" => Ok(icloudpd_cli::icloud(&arguments).into()),
        _ => Err(raised(&Error::new(ErrorKind::Config, "there is icloudpd, and icloud"))),
    }
}
