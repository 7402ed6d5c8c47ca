//! One process begins to sign in, another one answers the challenge: for a server whose users type codes in a browser.

use icloud_photos::auth::SavedChallenge;
use icloud_photos::{Error, ErrorKind, Login, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let (cloud, _server, client) = examples::fake().await?;
    let Login::CodeRequired(challenge) = client.login(examples::fake_credentials()?).await? else {
        println!("no code was needed");
        return Ok(());
    };
    challenge.request_push().await?;
    // A secret: whoever has it and the code is signed in. Keep it as you keep passwords.
    let saved = serde_json::to_string(&challenge.to_saved().await).map_err(unreadable)?;

    let saved: SavedChallenge = serde_json::from_str(&saved).map_err(unreadable)?;
    let challenge = client.resume(saved)?;
    let session = challenge.submit(examples::shown(&cloud).parse()?).await?;
    println!("signed in as {}", session.account());
    Ok(())
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Unexpected, "a challenge serialises").caused_by(error)
}
