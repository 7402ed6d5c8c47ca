//! Folders, read as icloudpd reads them.

use std::path::{Component, Path, PathBuf};

use crate::args::UsageError;

/// icloudpd lets a folder structure begin with `/` or `..` and so lead out of the directory. What it begins with, up to
/// the first date, then belongs to the root.
pub(super) fn root(directory: &Path, folder_structure: String) -> (PathBuf, String) {
    let (fixed, rest) = split(&folder_structure);
    match leads_out(&fixed) {
        true => (normalise(&directory.join(fixed)), rest),
        false => (directory.to_owned(), folder_structure),
    }
}

/// Whether it does so.
pub(super) fn leading_out(folder_structure: &str) -> bool {
    leads_out(&split(folder_structure).0)
}

fn leads_out(fixed: &str) -> bool {
    Path::new(fixed).has_root() || Path::new(fixed).components().any(|part| part == Component::ParentDir)
}

/// The folders that are the same for every date, and the rest. They may stand within the first braces too: `{:/photos/%Y}`.
fn split(structure: &str) -> (String, String) {
    let after_slash = |text: &str| text.rfind('/').map_or(0, |slash| slash + 1);
    let Some(brace) = structure.find(['{', '}']) else { return (structure.to_owned(), String::new()) };
    let (before, field) = structure.split_at(brace);
    let starts = ["{:", "{0:"];
    if let Some((start, format)) = starts.iter().find_map(|start| Some((start, field.strip_prefix(start)?))) {
        let text = &format[..format.find(['%', '{', '}']).unwrap_or(format.len())];
        let end = after_slash(text);
        if end > 0 {
            // Braces with nothing left in them would be the whole date.
            let rest = match format[end..].strip_prefix('}') {
                Some(behind) => behind.to_owned(),
                None => format!("{start}{}", &format[end..]),
            };
            return (format!("{before}{}", &text[..end]), rest);
        }
    }
    let (fixed, rest) = structure.split_at(after_slash(before));
    (fixed.to_owned(), rest.to_owned())
}

/// As Python's `os.path.normpath`: no doubled slash, no `.`, no `..` that can be resolved by the text alone.
pub(crate) fn normalise(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match (component, clean.components().next_back()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                clean.pop();
            }
            (component, _) => clean.push(component),
        }
    }
    if clean.as_os_str().is_empty() { PathBuf::from(".") } else { clean }
}

pub(crate) fn expand_home(path: &Path) -> Result<PathBuf, UsageError> {
    let Ok(rest) = path.strip_prefix("~") else {
        return Ok(home_of_another(path).unwrap_or_else(|| path.to_owned()));
    };
    match std::env::home_dir() {
        Some(home) => Ok(home.join(rest)),
        None => Err(UsageError::Argument(format!(
            "argument --cookie-directory: no home folder is known for {}; give a folder",
            path.display()
        ))),
    }
}

/// `~jane/folder`, below the home that the system's list of users names. What it does not know stays as it is.
fn home_of_another(path: &Path) -> Option<PathBuf> {
    let mut components = path.components();
    let user = components.next()?.as_os_str().to_str()?.strip_prefix('~')?;
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields = users
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut fields| (fields.next() == Some(user)).then_some(fields));
    Some(Path::new(fields?.nth(4).filter(|home| !home.is_empty())?).join(components.as_path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_as_python_does() {
        let table = [
            ("", "."),
            (".", "."),
            ("./a", "a"),
            ("a/..", "."),
            ("../a/..", ".."),
            ("/..", "/"),
            ("/a//b/", "/a/b"),
        ];
        for (typed, normal) in table {
            assert_eq!(normalise(Path::new(typed)), Path::new(normal), "{typed}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn homes_of_others_are_found_as_python_finds_them() {
        let folder = |path: &str| expand_home(Path::new(path)).unwrap();
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        if let Some(home) = users.lines().find_map(|line| line.strip_prefix("root:")?.split(':').nth(4)) {
            assert_eq!(folder("~root/a/b"), Path::new(home).join("a/b"));
        }
        assert_eq!(folder("~no-such-user/a"), Path::new("~no-such-user/a"));
        assert_eq!(folder("a/~root"), Path::new("a/~root"));
    }

    #[test]
    fn a_folder_structure_may_lead_out_of_the_directory() {
        let table = [
            ("{:%Y/%m}", "/d/e", "{:%Y/%m}"),
            ("a/{:%Y}", "/d/e", "a/{:%Y}"),
            ("none", "/d/e", "none"),
            ("/abs/x{:%Y}", "/abs", "x{:%Y}"),
            ("../{:%Y}/{{}}", "/d", "{:%Y}/{{}}"),
            ("a/../../b/{:%Y}", "/d/b", "{:%Y}"),
            ("/abs/", "/abs", ""),
            ("{:/abs/%Y}", "/abs", "{:%Y}"),
            ("{0:../%Y/%m}/{0:%d}", "/d", "{0:%Y/%m}/{0:%d}"),
            ("{:/abs/}", "/abs", ""),
            ("{:../arch/}/x", "/d/arch", "/x"),
            ("{0:../}{0:%Y}", "/d", "{0:%Y}"),
            ("x/{:../../%Y}", "/d", "{:%Y}"),
            ("{:/abs}/{:%Y}", "/", "{:abs}/{:%Y}"),
            ("{:a/%Y}", "/d/e", "{:a/%Y}"),
        ];
        for (typed, folder, rest) in table {
            let split = root(Path::new("/d/e"), typed.to_owned());
            assert_eq!(split, (PathBuf::from(folder), rest.to_owned()), "{typed}");
        }
    }
}
