//! `icloudpd`
mod args;
fn main() {
    let a: Vec<_> = std::env::args_os().skip(1).collect();
    match args::parse(&a) {
        Ok(l) => if l.global.help { print!("{}", args::help()) } else { println!("{l:#?}") },
        Err(args::UsageError::Argument(e)) => println!("{e}"),
        Err(args::UsageError::Unknown(e)) => eprintln!("{e}"),
    }
}
