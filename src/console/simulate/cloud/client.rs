//! Sends documents as Altegio does, and as a client does that hangs up.

use std::path::Path;
use std::sync::Arc;

use axum::http::header;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::books::Books;
use super::load::How;

/// Where documents go, and with which token.
#[derive(Clone)]
pub(super) struct Client {
    url: url::Url,
    token: String,
    http: reqwest::Client,
}

impl Client {
    /// `ca`: certificates to trust instead of the system's, PEM.
    pub(super) fn new(url: &str, token: String, ca: Option<&Path>) -> Result<Self, String> {
        // An error says that it is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url: url::Url = url.parse().map_err(|e| format!("{url}: {e}"))?;
        let builder = reqwest::Client::builder().no_proxy();
        let builder = match ca {
            Some(path) => {
                let pem = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
                let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| e.to_string())?;
                builder.tls_certs_only(certificates)
            }
            None if url.scheme() == "http" => builder.tls_certs_only([]),
            None => builder,
        };
        Ok(Self { url, token, http: builder.build().map_err(|e| e.to_string())? })
    }

    /// Whether a client can hang up in the middle: over plain http alone.
    pub(super) fn can_hang_up(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// Sends one and writes it down; gives the answer.
    pub(super) async fn send(&self, books: Arc<Books>, how: How, document: Value) -> Result<(u16, Value), String> {
        let answer = match how {
            How::First | How::Duplicate | How::Twin => self.post(&document).await,
            How::HangUp => self.hang_up(&document).await.and(Err("hung up".to_owned())),
        };
        books.sent(how, &document, &answer);
        answer
    }

    async fn post(&self, document: &Value) -> Result<(u16, Value), String> {
        let request = self
            .http
            .post(self.url.clone())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(document.to_string());
        let answer = request.send().await.map_err(|e| e.without_url().to_string())?;
        let status = answer.status().as_u16();
        let body = answer.text().await.map_err(|e| e.without_url().to_string())?;
        Ok((status, serde_json::from_str(&body).unwrap_or(Value::String(body))))
    }

    /// The whole request, and then nobody who reads the answer.
    async fn hang_up(&self, document: &Value) -> Result<(), String> {
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.url.port_or_known_default().unwrap_or(80);
        let mut stream = TcpStream::connect((host, port)).await.map_err(|e| e.to_string())?;
        let body = document.to_string();
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.url.path(),
            self.token,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.map_err(|e| e.to_string())?;
        stream.shutdown().await.map_err(|e| e.to_string())
    }
}
