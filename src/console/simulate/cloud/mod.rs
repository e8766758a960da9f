//! A stand-in for Altegio: sends documents, receives callbacks, writes both down. For demonstrations, and for those who
//! build or test a service of this kind.

mod answers;
mod books;
mod client;
mod load;
mod server;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use self::answers::{Script, Word};
use self::books::Books;
use self::client::Client;
use self::load::{How, Plan, Rate};
use self::server::{Callback, Desk};

/// The document that Altegio publishes as its example; the callback is put in at the start.
pub(in crate::console) const EXAMPLE: &str = include_str!("../example.json");

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  one document, and its callback:
    kkm-bridge simulate cloud --token-file partner.token --shop-token-file shop.token --post http://127.0.0.1:8181/ --once
  five hundred of your own, five a second, with what networks do, against a cloud that fails now and then:
    kkm-bridge simulate cloud ... --document documents/ --count 500 --rate 5/s --duplicates 10 --twins 5 --hang-ups 5 \\
      --answer 500x3,429:2,slow:5s,reset,401 --answer-again --record run.jsonl --wait

Answers, in turn, then 200: a code (500), with Retry-After (429:2), slow:5s (200 after that time), reset; x3 repeats.
--wait ends when every document that was taken has its word: exit code 0 if each got one, all with the right token.
The record has a line for each request and callback, in JSON.")]
pub(in crate::console) struct Cloud {
    /// Where callbacks are received; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// File with the token that callbacks must carry
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Send documents to this address of the service
    #[arg(long, value_name = "URL", requires = "shop_token_file")]
    post: Option<String>,
    /// File with the token to send them with
    #[arg(long, value_name = "FILE")]
    shop_token_file: Option<PathBuf>,
    /// Certificates to trust instead of the system's, PEM
    #[arg(long, value_name = "FILE", requires = "post")]
    ca: Option<PathBuf>,
    /// A document, or a directory of them (*.json); may be repeated. Default: the documented example without payment terminal
    #[arg(long, value_name = "PATH")]
    document: Vec<PathBuf>,
    /// How many documents in all; default: each once. A file that comes again gets a new id and sale
    #[arg(long, requires = "post")]
    count: Option<usize>,
    /// A new id and sale for every document, also the first time
    #[arg(long, requires = "post")]
    fresh: bool,
    /// How many a second or minute, as 5/s or 30/m; default: each after the answer to the one before
    #[arg(long, requires = "post")]
    rate: Option<Rate>,
    /// Percent that is sent a second time
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    duplicates: u8,
    /// Percent that comes again under another id
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    twins: u8,
    /// Percent whose client hangs up before the answer, and sends it again
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    hang_ups: u8,
    /// The same seed makes the same run
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// End after the callback: exit code 0 for a success with the right token, else 1
    #[arg(long, requires = "post", conflicts_with = "wait")]
    once: bool,
    /// End when every document that was taken has its word; exit code 0 if each has one
    #[arg(long, requires = "post")]
    wait: bool,
    /// How long to wait for the next callback with --once and --wait
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    /// Append each request and callback to this file, a JSON line each
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Answer callbacks so, in turn, then 200: 500x3,429:2,slow:5s,reset,401
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    answer: Vec<Word>,
    /// Begin the answers again when they are over
    #[arg(long, requires = "answer")]
    answer_again: bool,
}

pub(super) fn run(cloud: &Cloud) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let played = runtime.map_err(|e| e.to_string()).and_then(|runtime| runtime.block_on(play(cloud)));
    match played {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kkm-bridge simulate cloud: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn play(cloud: &Cloud) -> Result<ExitCode, String> {
    let token = read(&cloud.token_file)?;
    let listener = tokio::net::TcpListener::bind(cloud.listen).await.map_err(|e| format!("{}: {e}", cloud.listen))?;
    let origin = format!("http://{}", listener.local_addr().map_err(|e| e.to_string())?);
    let (heard, callbacks) = unbounded_channel();
    let books = Arc::new(Books::open(cloud.record.as_deref())?);
    let script = Mutex::new(Script::new(&cloud.answer, cloud.answer_again));
    tokio::spawn(server::serve(listener, Arc::new(Desk { token, script, books: books.clone(), heard })));
    println!("cloud ready on {origin}");
    let files = load::read(&cloud.document, EXAMPLE)?;
    let many = cloud.count.unwrap_or(files.len()) > 1 || cloud.wait;
    let printing = tokio::spawn(print(callbacks, cloud.once, many));
    if let Some(url) = &cloud.post {
        let client = Client::new(
            url,
            read(cloud.shop_token_file.as_ref().ok_or("--shop-token-file is missing")?)?,
            cloud.ca.as_deref(),
        )?;
        if cloud.hang_ups > 0 && !client.can_hang_up() {
            return Err("--hang-ups needs an http:// address".to_owned());
        }
        send(cloud, &client, &books, &files, &origin, many).await?;
    }
    if cloud.wait {
        return wait_for_all(&books, cloud.patience).await;
    }
    if !cloud.once {
        let _ = printing.await;
        return Ok(ExitCode::SUCCESS);
    }
    match tokio::time::timeout(Duration::from_secs(cloud.patience), printing).await {
        Ok(Ok(good)) => Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        Ok(Err(_)) => Err("the stand-in has ended".to_owned()),
        Err(_) => Err(format!("no callback within {} s", cloud.patience)),
    }
}

/// Sends everything; at a rate without waiting for answers.
async fn send(
    cloud: &Cloud,
    client: &Client,
    books: &Arc<Books>,
    files: &[Value],
    origin: &str,
    many: bool,
) -> Result<(), String> {
    let plan = Plan {
        count: cloud.count.unwrap_or(files.len()),
        duplicates: cloud.duplicates,
        twins: cloud.twins,
        hang_ups: cloud.hang_ups,
        seed: cloud.seed,
        fresh: cloud.fresh,
    };
    let mut beat = cloud.rate.map(|rate| tokio::time::interval(rate.0));
    let mut under_way = JoinSet::new();
    for (how, document) in plan.documents(files, &format!("{origin}/api/v1/integration/kkm/callback/")) {
        if !many {
            let url = cloud.post.as_deref().unwrap_or_default();
            println!("--- request: POST {url}\n{}", pretty(&document));
        }
        let id = document["id"].clone();
        let sending = {
            let (client, books) = (client.clone(), books.clone());
            async move { client.send(books, how, document).await }
        };
        match &mut beat {
            Some(beat) => {
                beat.tick().await;
                under_way.spawn(async move { say_answer(how, &id, &sending.await, true) });
            }
            None => {
                let answer = sending.await;
                say_answer(how, &id, &answer, many);
                if !many && !matches!(answer, Ok((200, _))) {
                    return Err("the document was not taken".to_owned());
                }
            }
        }
    }
    while under_way.join_next().await.is_some() {}
    Ok(())
}

fn say_answer(how: How, id: &Value, answer: &Result<(u16, Value), String>, many: bool) {
    match answer {
        Ok((status, body)) if many => println!("{} {id}: {status} {} {}", how.name(), body["status"], body["code"]),
        Ok((status, body)) => println!("--- answer: {status}\n{body}"),
        Err(why) => println!("{} {id}: {why}", how.name()),
    }
}

async fn wait_for_all(books: &Books, patience: u64) -> Result<ExitCode, String> {
    while books.open_documents() > 0 {
        if tokio::time::timeout(Duration::from_secs(patience), books.heard.notified()).await.is_err() {
            println!("no callback for {patience} s");
            break;
        }
    }
    let (text, good) = books.summary();
    print!("{text}");
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints callbacks as they come; with `once` until the first that the sender may forget: true for a good one.
async fn print(mut callbacks: UnboundedReceiver<Callback>, once: bool, many: bool) -> bool {
    while let Some(callback) = callbacks.recv().await {
        say(&callback, many);
        if once && callback.answered.ends() {
            return callback.authorized && callback.body["status"] == "success";
        }
    }
    false
}

fn say(callback: &Callback, many: bool) {
    let Callback { authorized, answered, body } = callback;
    let token = if *authorized { "with the right token" } else { "WITHOUT the right token" };
    if many {
        let right = if *authorized { "" } else { ", WITHOUT the right token" };
        println!("callback {}: {} {}, answered {}{right}", body["id"], body["status"], body["code"], answered.name());
    } else {
        println!("--- callback, {token}, answered {}\n{}", answered.name(), pretty(body));
    }
}

fn read(path: &PathBuf) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(text.trim().to_owned())
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
