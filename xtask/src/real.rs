//! The real clients, from PyPI, in a folder of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::house;
use crate::process;

const ICLOUDPD: &str = "icloudpd==1.32.3";
const PYICLOUD: &str = "pyicloud==2.4.1";

/// Real clients, installed.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    python: PathBuf,
}

impl Clients {
    /// Installs what is not there yet.
    pub(crate) fn install() -> Result<Self> {
        let folder = house::target()?.join("real-clients");
        let clients = Self { python: folder.join("bin").join("python") };
        let ready = folder.join("ready");
        let wanted = format!("{ICLOUDPD} {PYICLOUD}");
        if fs::read_to_string(&ready).is_ok_and(|have| have == wanted) {
            return Ok(clients);
        }
        println!("installing the real clients: {wanted}");
        clients.install_into(&folder).with_context(|| {
            format!(
                "cannot install the real clients; needed are python3 with venv and a way to PyPI ({})",
                folder.display()
            )
        })?;
        fs::write(&ready, wanted)?;
        Ok(clients)
    }

    fn install_into(&self, folder: &Path) -> Result<()> {
        process::must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
        let wheels = folder.join("wheels");
        let pip = || {
            let mut pip = Command::new(&self.python);
            pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]);
            pip
        };
        // The wheel for this platform holds a frozen program; the one for any platform holds the sources.
        process::must(
            pip()
                .args(["download", "--no-deps", "--only-binary=:all:", "--platform", "any"])
                .args(["--python-version", "3.11", ICLOUDPD, "--dest"])
                .arg(&wheels),
        )?;
        let wheel = fs::read_dir(&wheels)?.next().context("pip brought no wheel")??.path();
        process::must(pip().arg("install").arg(wheel).arg(PYICLOUD))
    }

    /// The Python that has them.
    pub(crate) fn python(&self) -> &Path {
        &self.python
    }

    /// The real icloudpd, pointed at the fake.
    pub(crate) fn icloudpd(&self, fake: &str) -> Command {
        let mut command = self.launch(fake);
        command.arg("icloudpd");
        command
    }

    /// The real companion command `icloud`, pointed at the fake.
    pub(crate) fn icloud(&self, fake: &str) -> Command {
        let mut command = self.launch(fake);
        command.arg("icloud");
        command
    }

    /// The real programs and ours on one key store, in a session bus of its own.
    pub(crate) fn on_one_key_store(
        &self,
        folder: &Path,
        fake: &str,
        account: [&str; 2],
        ours: &Path,
    ) -> Command {
        let mut command = Command::new("dbus-run-session");
        command.args(["--", "sh"]).arg(house::script("keyring.sh")).arg(folder).arg(fake).args(account);
        command.arg(&self.python).arg(ours);
        command
    }

    /// A program at a terminal where somebody types an answer whenever it asks.
    pub(crate) fn at_terminal(&self, answers: &[&str], program: &Command) -> Command {
        let mut command = Command::new(&self.python);
        command.arg("-B").arg(house::script("terminal.py"));
        command.arg(serde_json::Value::from(answers).to_string());
        command.arg(program.get_program()).args(program.get_args());
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }

    /// The real pyicloud with our script around it, pointed at the fake.
    pub(crate) fn pyicloud(&self, fake: &str) -> Command {
        let mut command = self.launch(fake);
        command.arg(house::script("pyicloud_run.py"));
        command
    }

    /// The real icloudpd's reading of command lines. It connects to nothing.
    pub(crate) fn grammar(&self) -> Command {
        let mut command = self.launch("http://127.0.0.1:9");
        command.arg(house::script("grammar.py")).env("TZ", "UTC");
        command
    }

    /// A process that runs the real icloudpd as often as it is told to; see the script.
    pub(crate) fn server(&self) -> Command {
        self.script("serve.py")
    }

    fn launch(&self, fake: &str) -> Command {
        let mut command = self.script("launch.py");
        command.arg(fake);
        command
    }

    fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.python);
        // No compiled files beside our scripts, no password from a keyring of this machine.
        command.arg("-B").arg(house::script(name));
        command.env("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring");
        command
    }

    /// Runs the unit tests of our own scripts.
    pub(crate) fn unit_tests(&self, seen: impl FnMut(&str)) -> Result<bool> {
        let mut command = Command::new(&self.python);
        command
            .args(["-B", "-m", "unittest", "discover", "--verbose", "--start-directory"])
            .arg(house::root().join("conformance"));
        process::listen(&mut command, seen)
    }
}
