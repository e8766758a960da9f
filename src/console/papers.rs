//! Manual pages and shell completions, written from the commands themselves: the package ships them, nobody keeps them.
//!
//! `man/` gets a page for the program and one for each command; `completions/` what bash, zsh and fish look for.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Arguments;

#[derive(Args, Debug)]
pub(super) struct Papers {
    /// Directory for `man/` and `completions/`
    directory: PathBuf,
}

pub(super) fn run(papers: &Papers) -> ExitCode {
    match write(&papers.directory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::fail(&format!("{}: {error}", papers.directory.display()), 1),
    }
}

fn write(directory: &Path) -> std::io::Result<()> {
    let pages = directory.join("man");
    std::fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(Arguments::command(), &pages)?;
    let completions = directory.join("completions");
    std::fs::create_dir_all(&completions)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut Arguments::command(), env!("CARGO_PKG_NAME"), &completions)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_manual_page_and_is_completed() {
        let directory = tempfile::tempdir().expect("a directory");
        write(directory.path()).expect("written");
        let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).expect(name);
        let bash = read("completions/kkm-bridge.bash");
        read("completions/_kkm-bridge");
        read("completions/kkm-bridge.fish");
        assert!(read("man/kkm-bridge.1").contains(".TH kkm-bridge 1"));
        for command in Arguments::command().get_subcommands().filter(|c| !c.is_hide_set()) {
            let name = command.get_name();
            read(&format!("man/kkm-bridge-{name}.1"));
            assert!(bash.contains(&format!(" {name} ")), "{name}");
        }
        assert!(!directory.path().join("man/kkm-bridge-papers.1").exists());
    }
}
