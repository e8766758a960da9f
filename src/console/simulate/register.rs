//! stub
#[derive(clap::Args, Debug)]
pub(in crate::console) struct Register {}
pub(super) fn run(_r: Register) -> std::process::ExitCode {
    std::process::ExitCode::FAILURE
}
