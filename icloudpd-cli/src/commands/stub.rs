use crate::config::*;
use crate::exit::*;
pub(crate) async fn run(config: &Config, bars: &indicatif::MultiProgress) -> Exit {
    for a in &config.accounts {
        match crate::prompt::password(&a.username, &config.providers, &a.password).await {
            Ok(p) => {
                crate::prompt::remember("x", p, &config.providers).await;
                let _ = crate::prompt::ask(crate::prompt::code_prompt(2), false).await;
            }
            Err(e) => {
                tracing::error!("{}", message(&e));
                return Exit::Failed;
            }
        }
    }
    Exit::Success
}
