//! A document as a layout: what a shop's receipt shows, in the order in which people read it.
//!
//! The drawer is opened first, so that change is at hand while the paper comes out; once, for cash, and never for a
//! second print. A second print says so above everything else.
//!
//! What a document names (titles, the cashier) is one text each: a line break in it cannot forge a line of the receipt.

use crate::wording::clean::clean;
use std::collections::BTreeMap;

use super::words::Words;
use super::{Bitmap, Block, Layout, Locale, Style};
use crate::contract::{Body, Document, Line, Money, Operation, Quantity, Receipt};

/// What a shop puts on its paper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shop {
    /// Language.
    pub locale: Locale,
    /// Picture above everything.
    pub logo: Option<Bitmap>,
    /// Lines above each document.
    pub header: Vec<String>,
    /// Lines below each receipt.
    pub footer: Vec<String>,
    /// A QR code below them.
    pub footer_qr: Option<String>,
    /// A cash drawer hangs on the printer.
    pub drawer: bool,
}

/// The layout of a document; `None` for what only a fiscal register can do. `copy`: an earlier print may exist.
pub fn compose(document: &Document, shop: &Shop, copy: bool) -> Option<Layout> {
    let words = shop.locale.words();
    let mut layout = Layout::default();
    if shop.drawer && !copy && moves_cash(&document.body) {
        layout.blocks.push(Block::Drawer);
    }
    layout.blocks.extend(shop.logo.clone().map(Block::Image));
    for line in &shop.header {
        layout.centred(line, Style::Plain);
    }
    if copy {
        layout.centred(words.copy, Style::Large);
    }
    match &document.body {
        Body::Sale(receipt) => compose_receipt(&mut layout, receipt, Operation::Sale, document, words),
        Body::Return(receipt) => compose_receipt(&mut layout, receipt, Operation::Return, document, words),
        Body::CashIn(sum) => compose_cash(&mut layout, words.cash_in, *sum),
        Body::CashOut(sum) => compose_cash(&mut layout, words.cash_out, *sum),
        Body::Slip(text) => layout.text(text, Style::Plain),
        Body::Correction(_) | Body::OpenShift(_) | Body::CloseShift(_) | Body::XReport => return None,
    }
    layout.blocks.push(Block::Rule);
    layout.text(format!("{}{} {}", words.number, document.marker.document(), document.marker), Style::Plain);
    if document.body.receipt().is_some() {
        for line in &shop.footer {
            layout.centred(line, Style::Plain);
        }
        layout.blocks.extend(shop.footer_qr.clone().map(Block::Qr));
    }
    layout.blocks.push(Block::Cut);
    Some(layout)
}

/// True when money goes into the drawer or out of it.
fn moves_cash(body: &Body) -> bool {
    match body {
        Body::Sale(receipt) | Body::Return(receipt) => !receipt.payments().cash.is_zero(),
        Body::CashIn(_) | Body::CashOut(_) => true,
        Body::Correction(_) | Body::OpenShift(_) | Body::CloseShift(_) | Body::XReport | Body::Slip(_) => false,
    }
}

fn compose_cash(layout: &mut Layout, heading: &str, sum: Money) {
    layout.centred(heading, Style::Bold);
    layout.columns("", sum, Style::Large);
}

fn compose_receipt(layout: &mut Layout, receipt: &Receipt, operation: Operation, document: &Document, words: &Words) {
    let heading = match operation {
        Operation::Sale => words.sale,
        Operation::Return => words.refund,
    };
    layout.centred(heading, Style::Bold);
    if let Some(original) = document.original.as_ref().filter(|proof| proof.document_number > 0) {
        layout.centred(format!("{}{}", words.refund_of, original.document_number), Style::Plain);
    }
    layout.blocks.push(Block::Rule);
    for line in receipt.lines() {
        compose_line(layout, line, words);
    }
    layout.blocks.push(Block::Rule);
    if !receipt.rounding().is_zero() {
        layout.columns(words.rounding, format!("-{}", receipt.rounding()), Style::Plain);
    }
    layout.columns(words.total, receipt.total_due(), Style::Large);
    for (rate, sum) in taxed(receipt) {
        layout.columns(words.vat_line(rate), sum, Style::Plain);
    }
    let payments = receipt.payments();
    let paid = [(words.cash, payments.cash), (words.card, payments.card), (words.prepaid, payments.prepaid)];
    for (word, sum) in paid.into_iter().chain([(words.change, receipt.change())]) {
        if !sum.is_zero() {
            layout.columns(word, sum, Style::Plain);
        }
    }
    if let Some(cashier) = receipt.cashier().filter(|cashier| !cashier.title.trim().is_empty()) {
        layout.text(format!("{}: {}", words.cashier, clean(&cashier.title)), Style::Plain);
    }
    if let Some(text) = receipt.custom_text().filter(|text| !text.trim().is_empty()) {
        layout.text(text, Style::Plain);
    }
}

fn compose_line(layout: &mut Layout, line: &Line, words: &Words) {
    let (title, total, discount) = (clean(line.title()), line.total(), line.discount());
    let gross = total.checked_add(discount).unwrap_or(total);
    if line.quantity() == Quantity::ONE && discount.is_zero() && !total.is_zero() {
        layout.columns(title, total, Style::Plain);
    } else {
        layout.text(title, Style::Plain);
        layout.columns(format!("  {} x {}", line.quantity(), line.price()), gross, Style::Plain);
        if !discount.is_zero() {
            layout.columns(format!("  {}", words.discount), format!("-{discount}"), Style::Plain);
        }
        if total.is_zero() {
            layout.columns(format!("  {}", words.free), total, Style::Plain);
        } else if !discount.is_zero() {
            layout.columns("", total, Style::Plain);
        }
    }
    if let Some(barcode) = line.barcode().filter(|code| !code.trim().is_empty()) {
        layout.blocks.push(Block::Barcode(barcode.to_owned()));
    }
}

/// Tax inside the total, by rate: of each rate's sum, as registers count it. Nothing for lines without tax.
fn taxed(receipt: &Receipt) -> Vec<(crate::contract::VatRate, Money)> {
    let mut sums: BTreeMap<_, Money> = BTreeMap::new();
    for line in receipt.lines() {
        let sum = sums.entry(line.vat()).or_default();
        *sum = sum.checked_add(line.total()).unwrap_or(*sum);
    }
    sums.into_iter()
        .filter_map(|(rate, sum)| Some((rate, sum.included_tax(rate.basis_points().filter(|&bp| bp > 0)?))))
        .collect()
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
