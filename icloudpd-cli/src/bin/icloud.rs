//! `icloud`, see the library of this package.

fn main() -> std::process::ExitCode {
    icloudpd_cli::icloud()
}
