//! A fake iCloud on a TCP port. The first line of its output is its URL.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use clap::Parser;
use icloud_photos_testkit::{AccountSpec, ExactAsset, FakeCloud, FaultScript, LibrarySpec};

/// Serves a fake iCloud on 127.0.0.1 and prints its URL.
#[derive(Debug, Parser)]
#[command(name = "fake-icloud", version)]
struct Args {
    /// Port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where links point, if not to the address it is served on.
    #[arg(long)]
    base_url: Option<String>,
    /// Photos in the library.
    #[arg(long, default_value_t = 25)]
    assets: u64,
    /// How varied they are.
    #[arg(long, value_enum, default_value_t = Kind::Plain)]
    profile: Kind,
    /// Bytes of every photo of a plain library.
    #[arg(long, default_value_t = 100_000)]
    file_size: u64,
    /// Bytes of one more photo of a plain library.
    #[arg(long)]
    big_file: Option<u64>,
    /// Add two different photos with one name, one date and one length.
    #[arg(long)]
    same_length_twins: bool,
    /// The assets of the library, one by one, in place of --assets and --profile: JSON, or a file with it.
    #[arg(long)]
    library: Option<String>,
    /// What the library, tokens and codes follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The login.
    #[arg(long)]
    username: Option<String>,
    /// The password.
    #[arg(long)]
    password: Option<String>,
    /// The code of every push and message; random ones if absent (see /fake/codes).
    #[arg(long)]
    code: Option<String>,
    /// What state the account is in.
    #[arg(long, default_value = "two-factor", value_parser = clap::builder::PossibleValuesParser::new(AccountSpec::STATES))]
    state: String,
    /// More about the account: JSON, or a file with it. Members not named stay as --state has them.
    #[arg(long)]
    account: Option<String>,
    /// What goes wrong: a fault script as JSON, or a file with it.
    #[arg(long)]
    faults: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// JPEGs of one size, without albums.
    Plain,
    /// Every kind of asset and album a healthy library has.
    Everyday,
    /// Damaged records, unknown types and stale checksums among them.
    Wild,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("fake-icloud: {reason}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), String> {
    let mut builder = FakeCloud::builder().seed(args.seed).account(account(&args)?).library(library(&args)?);
    if let Some(url) = &args.base_url {
        builder = builder.base_url(url);
    }
    let cloud = builder.build();
    if let Some(script) = &args.faults {
        cloud.set_faults(FaultScript::from_json(&text_or_file(script)?)?)?;
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let server = cloud.serve_at(address).await.map_err(|error| format!("{address}: {error}"))?;
    println!("{}", server.url());
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
}

fn library(args: &Args) -> Result<LibrarySpec, String> {
    if let Some(assets) = &args.library {
        return Ok(LibrarySpec::exact(args.seed, ExactAsset::list_from_json(&text_or_file(assets)?)?));
    }
    let spec = match args.profile {
        Kind::Plain => {
            let plain = LibrarySpec::plain(args.assets, args.file_size);
            LibrarySpec { seed: args.seed, big_file: args.big_file, ..plain }
        }
        Kind::Everyday => LibrarySpec::everyday(args.seed, args.assets),
        Kind::Wild => LibrarySpec::wild(args.seed, args.assets),
    };
    Ok(if args.same_length_twins { spec.with_same_length_twins() } else { spec })
}

fn account(args: &Args) -> Result<AccountSpec, String> {
    let mut spec = AccountSpec::in_state(&args.state).ok_or("there is no such state")?;
    if let Some(changes) = &args.account {
        spec = spec.with_json(&text_or_file(changes)?)?;
    }
    spec.username = args.username.clone().unwrap_or(spec.username);
    spec.password = args.password.clone().unwrap_or(spec.password);
    spec.code = args.code.clone().or(spec.code);
    Ok(spec)
}

/// The argument itself if it looks like JSON, else what is in the file of that name.
fn text_or_file(argument: &str) -> Result<String, String> {
    if argument.trim_start().starts_with(['{', '[']) {
        return Ok(argument.to_owned());
    }
    std::fs::read_to_string(argument).map_err(|error| format!("{argument}: {error}"))
}
