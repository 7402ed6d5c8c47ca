// What is typed, to whom; part of `dialogues`.

const PASSWORD_GIVEN: [&str; 2] = ["--password", PASSWORD];

/// So many phones, 81 and so on.
fn phones(count: u64) -> String {
    let phone = |number: u64| format!(r#"{{"id": {}, "last_digits": "{:02}", "mode": "sms"}}"#, number + 1, (81 + number) % 100);
    let phones: Vec<String> = (0..count).map(phone).collect();
    // Real `icloud` waits for a code without asking for one.
    format!(r#"{{"push_on_sign_in": true, "phones": [{}]}}"#, phones.join(", "))
}

/// `icloudpd --auth-only` with the password on its line.
fn icloudpd(name: &'static str, state: &'static str, account: String, typed: &'static str) -> Dialogue {
    Dialogue {
        name,
        is_icloud: false,
        account: (state, account),
        options: PASSWORD_GIVEN.to_vec(),
        typed,
        at_terminal: false,
        differs: Vec::new(),
    }
}

fn icloud(name: &'static str, options: &[&'static str], typed: &'static str) -> Dialogue {
    Dialogue { is_icloud: true, options: options.to_vec(), ..icloudpd(name, "two-factor", phones(1), typed) }
}

impl Dialogue {
    fn of(mut self, state: &'static str, account: String) -> Self {
        self.account = (state, account);
        self
    }

    fn at_terminal(mut self) -> Self {
        self.at_terminal = true;
        self
    }

    fn options(mut self, options: &[&'static str]) -> Self {
        self.options = options.to_vec();
        self
    }

    fn differs(mut self, exception: &'static str, lines: &[&'static str]) -> Self {
        self.differs.extend(lines.iter().map(|line| (exception, *line)));
        self
    }
}

/// Every dialogue there is.
pub(super) fn all() -> Vec<Dialogue> {
    [two_factor(), two_step(), folders(), icloud_lines(), icloud_answers(), icloud_two_step()].concat()
}

/// The end of standard input: a trace there, a sentence in ours.
const ENDED: [&str; 2] = ["err, there alone: trace: EOFError", "out, in ours alone: ERROR    Two-factor authentication is required, and nobody"];
/// A wrong code: ours asks again, and a pipe that has no other ends it.
const AGAIN: [&str; 3] = [
    "out, in ours alone: ERROR    Failed to verify two-factor authentication code. Try again",
    "out, in ours alone: Please enter two-factor authentication code",
    "out, in ours alone: ERROR    Failed to verify two-factor authentication code. Run again",
];

fn two_factor() -> Vec<Dialogue> {
    let plain = |name, count, typed| icloudpd(name, "two-factor", phones(count), typed);
    vec![
        plain("2fa: a code", 1, "012345\n"),
        plain("2fa: a code, no phones", 0, "\nabc\n12345\n012345\n"),
        plain("2fa: digits of another script", 0, "٠١٢٣٤٥\n012345\n").differs(
            "P7",
            &["exit code 1 there, 0 in ours", "out, there alone: ", "out, in ours alone: Please enter two-factor authentication code: ", "out, in ours alone: INFO     Great", "out, in ours alone: "],
        ),
        plain("2fa: answers that are none", 3, "\nz\nd\n{\n12345x\n12\nabc\n 012345 \n"),
        plain("2fa: a message to b", 3, "B\n12\nabcdef\n\n012345\n"),
        plain("2fa: a message to z of 26", 26, "z\n012345\n"),
        plain("2fa: 27 phones", 27, "012345\n").differs(
            "P2",
            &["exit code 1 there, 0 in ours", "out, there alone: INFO     Too many trusted devices for authentication", "out, in ours alone: "],
        ),
        plain("2fa: wrong code", 1, "999999\n")
            .differs("P3", &AGAIN)
            .differs("P3", &["out, there alone: ERROR    Incorrect verification code. (-21669)", "out, there alone: ERROR    Code verification failed.", "out, there alone: INFO     Failed to verify two-factor"]),
        plain("2fa: wrong code by message", 1, "a\n999999\n")
            .differs("P3", &AGAIN)
            .differs("P3", &["out, there alone: INFO     Failed to verify two-factor"]),
        plain("2fa: no answer", 3, "").differs("P4", &ENDED),
        plain("2fa: no answer after a letter", 3, "a\n").differs("P4", &ENDED),
        plain("2fa: no more messages", 1, "a\n").of("two-factor", r#"{"codes_sent_allowed": 1}"#.to_owned()).differs(
            "P4",
            &["out, there alone: INFO     Failed to send two-factor", "out, in ours alone: ERROR    Failed to send two-factor", "out, in ours alone: ERROR    Too many two-factor"],
        ),
        icloudpd("2fa: phones alone", "sms-only", phones(1), "a\n012345\n").differs(
            "P5",
            &["exit code 1 there, 0 in ours", "out, there alone: ", "out, in ours alone: ", "err, there alone: trace: EOFError"],
        ),
        plain("2fa: at a terminal", 2, "correct horse battery staple\nq\n012345\n").options(&[]).at_terminal(),
        plain("2fa: a message, at a terminal", 2, "correct horse battery staple\nb\n012345\n").options(&[]).at_terminal(),
        plain("password: end of input at a terminal", 2, "\u{4}\n").options(&[]).at_terminal().differs(
            "P4",
            &["out, there alone: trace: EOFError", "out, in ours alone: ERROR    No password was found"],
        ),
        plain("password: wrong", 1, "").options(&["--password", "bad"]).differs(
            "P6",
            &["out, there alone: INFO     ('Invalid email/password combination.'", "out, in ours alone: ERROR    Invalid email/password combination. Check"],
        ),
    ]
}

fn two_step() -> Vec<Dialogue> {
    let plain = |name, count, typed| icloudpd(name, "two-step", phones(count), typed);
    let named = r#"{"phones": [{"id": 1, "last_digits": "81", "mode": "sms", "device_name": "Jane's iPad"}]}"#;
    let no_device = ["err, there alone: trace: IndexError", "out, in ours alone: ERROR    "];
    let wrong = [
        "out, there alone: ERROR    The code you entered is not valid. (-21669)",
        "out, there alone: ERROR    Failed to verify two-step authentication code",
        "out, in ours alone: ERROR    Failed to verify two-step authentication code. Try again",
        "out, in ours alone: Please enter two-step authentication code: ",
        "out, in ours alone: ERROR    Failed to verify two-step authentication code. Run again",
    ];
    vec![
        plain("2sa: the first device", 1, "0\n012345\n"),
        plain("2sa: no choice is the first", 3, "\n012345\n"),
        plain("2sa: choices that are none", 3, "7\n-1\nx\n3\n 2 \n012345\n"),
        plain("2sa: a device with a name", 1, "0\n012345\n").of("two-step", named.to_owned()),
        plain("2sa: wrong code", 3, "2\n999999\n").differs("P3", &wrong),
        plain("2sa: no code", 3, "2\nabc\n").differs(
            "P7",
            &[
                wrong[0], wrong[1], "out, in ours alone: Please choose an option: [0]: Please enter two-step authentication code: Invalid code, should be six digits. Try again",
                "out, there alone: Please choose an option: [0]: Please enter two-step authentication code: ", wrong[3],
                "out, in ours alone: ERROR    Failed to verify two-step authentication code. Run again",
            ],
        ),
        plain("2sa: no answer", 3, "1\n").differs(
            "P4",
            &["err, there alone: trace: EOFError", "out, in ours alone: ERROR    Two-step authentication is required, and nobody"],
        ),
        plain("2sa: no devices", 0, "0\n").differs("P4", &no_device),
        plain("2sa: at a terminal", 2, "correct horse battery staple\nx\n1\n012345\n").options(&[]).at_terminal(),
    ]
}

/// Forms of `--cookie-directory`, on an account that wants no code.
fn folders() -> Vec<Dialogue> {
    let folder = |name, folder| {
        let options = ["--password", PASSWORD, "--cookie-directory", folder];
        icloudpd(name, "password-only", "{}".to_owned(), "").options(&options)
    };
    let refused = ["err, there alone: trace: ", "out, in ours alone: ERROR    restore the session: *"];
    vec![
        folder("sessions: below the home", "~/sessions"),
        folder("sessions: a path to be tidied", "./a/../b/"),
        folder("sessions: no folder named", ""),
        folder("sessions: in a folder that is missing", "a/b/c")
            .differs("P8", &["exit code 1 there, 0 in ours", "err, there alone: trace: FileNotFoundError", "out, in ours alone: INFO     Authentication completed"]),
        folder("sessions: in a file", "stdout.log/x").differs("P8", &refused),
        folder("sessions: a file", "stdout.log").differs("P8", &refused),
        folder("sessions: where nobody may write", "/proc/sessions").differs("P8", &refused),
        icloudpd("domain: unknown", "password-only", "{}".to_owned(), "").options(&["--domain", "org"]),
        icloudpd("domain: in capitals", "password-only", "{}".to_owned(), "").options(&["--domain", "CN"]),
    ]
}

/// The usage of ours names one option more.
const USAGE: [&str; 1] = ["err, in ours alone:               [--cookie-directory COOKIE_DIRECTORY]"];

fn icloud_lines() -> Vec<Dialogue> {
    let line = |name, options: &[&'static str]| icloud(name, options, "").differs("P9", &USAGE);
    vec![
        icloud("icloud: help", &["--help"], "").differs("P9", &["out, there alone: ", "out, in ours alone: "]),
        line("icloud: nobody", &[]),
        line("icloud: unknown option", &["--rubbish", "-x"]),
        line("icloud: no option", &["x", "--", "-n"]),
        line("icloud: no value", &["--username"]),
        line("icloud: an option for a value", &["--username", USERNAME, "--password", "-n"]),
        line("icloud: a value for a flag", &["--version=3"]),
        line("icloud: a letter that is none", &["-nx"]),
        line("icloud: ambiguous", &["--d"]),
        line("icloud: version and rubbish", &["--version", "--rubbish"]),
        icloud("icloud: unknown domain", &["--username", USERNAME, "--password", PASSWORD, "--domain", "org"], "").differs(
            "P4",
            &["err, there alone: trace: NotImplementedError: Domain 'org' is not supported yet", "err, in ours alone: icloud: Domain 'org' is not supported yet"],
        ),
    ]
}

fn icloud_answers() -> Vec<Dialogue> {
    const USER: [&str; 4] = ["--username", USERNAME, "--password", PASSWORD];
    const QUIET: [&str; 5] = ["--username", USERNAME, "--password", PASSWORD, "-n"];
    let ended = ["err, there alone: trace: EOFError", "err, in ours alone: icloud: "];
    vec![
        icloud("icloud: a code", &QUIET, "012345\n"),
        icloud("icloud: words cut short", &["--user", USERNAME, "--pass", PASSWORD, "--non"], "012345\n"),
        icloud("icloud: a name in capitals", &["--username", "JANE.appleseed@example.com", "--password", PASSWORD, "-n"], "012345\n"),
        icloud("icloud: not to be stored", &USER, "N\n012345\n"),
        icloud("icloud: to be stored where there is no store", &USER, " YES \n012345\n")
            .differs("P10", &["err, in ours alone: Password was not saved to keyring"]),
        icloud("icloud: wrong code", &QUIET, "999999\n"),
        icloud("icloud: no code", &QUIET, "abc\n"),
        icloud("icloud: no answer", &QUIET, "").differs("P4", &ended),
        icloud("icloud: no second factor", &USER, "n\n").of("password-only", "{}".to_owned()),
        icloud("icloud: no second factor, in silence", &QUIET, "").of("password-only", "{}".to_owned()),
        icloud("icloud: a wrong password, then the right one", &["--username", USERNAME, "--password", "bad", "-n"], "correct horse battery staple\n012345\n"),
        icloud("icloud: three wrong passwords", &["--username", USERNAME, "--password", "bad", "-n"], "worse\nworst\n").differs(
            "P4",
            &["err, there alone: trace: RuntimeError: Bad username or password", "err, there alone: Enter iCloud password", "err, in ours alone: Enter iCloud password*: Bad username or password for jane.appleseed@example.com"],
        ),
        icloud("icloud: an empty password", &["--username", USERNAME, "-n"], "\n").differs("P9", &USAGE),
        icloud("icloud: no password", &["--username", USERNAME, "-n"], "").differs(
            "P4",
            &[ended[0], "err, there alone: Enter iCloud password", "err, in ours alone: Enter iCloud password*: icloud: nobody gave a password"],
        ),
        icloud("icloud: at a terminal", &["--username", USERNAME], "correct horse battery staple\nn\n012345\n").at_terminal(),
        icloud("icloud: end of input at a terminal", &["--username", USERNAME], "\u{4}\n").at_terminal()
            .differs("P4", &["out, there alone: trace: EOFError", "out, in ours alone: icloud: nobody gave a password"]),
    ]
}

fn icloud_two_step() -> Vec<Dialogue> {
    const QUIET: [&str; 5] = ["--username", USERNAME, "--password", PASSWORD, "-n"];
    let two_step = |name, count, typed| icloud(name, &QUIET, typed).of("two-step", phones(count));
    let none = |told| ["err, there alone: trace: IndexError", "out, there alone: (number) --> ", told];
    vec![
        two_step("icloud: 2sa", 3, "1\n012345\n"),
        two_step("icloud: 2sa, wrong code", 3, "1\n999999\n"),
        two_step("icloud: 2sa, no such device", 3, "7\n012345\n").differs("P4", &none("out, in ours alone: (number) --> That is none of the numbers above")),
        two_step("icloud: 2sa, no devices", 0, "0\n012345\n").differs("P4", &none("out, in ours alone: (number) --> That is none of the numbers above")),
    ]
}
