//! A POST of JSON. The address is not shown: with many services it is the secret.

use icloud_photos::redact::{ExposeSecret as _, SecretString};

use super::event::Message;

pub(super) async fn post(url: &SecretString, message: &Message) -> Result<(), String> {
    // A redirect would take the message to somebody that nobody named.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = client.build().map_err(|error| error.without_url().to_string())?;
    let request = client
        .post(url.expose_secret())
        .header("Content-Type", "application/json")
        .header("User-Agent", concat!("icloudpd/", env!("CARGO_PKG_VERSION")))
        .body(message.json().to_string());
    let answer = request.send().await.map_err(|error| with_causes(&error.without_url()))?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("the server answered {status}")),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
