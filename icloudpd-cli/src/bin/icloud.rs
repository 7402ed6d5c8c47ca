//! `icloud`, see the library of this package.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    icloudpd_cli::icloud(&args).into()
}
