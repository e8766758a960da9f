//! What differs between printers: numbers of code pages, width of paper, and which answers they know.
//!
//! The number after `ESC t` is the vendor's own. A number that is not in the table is ignored, as a printer does. The
//! tables are those of the manuals, as the public data base of receipt printers has them; pages that nobody publishes are
//! left out.

use super::pages::Page;

/// Dots of a character cell of font A, across.
pub const FONT_A_WIDTH: usize = 12;

/// A kind of printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Name on the command line.
    pub name: &'static str,
    /// Answer to `GS I 66`.
    pub maker: &'static str,
    /// Answer to `GS I 67`.
    pub model: &'static str,
    /// Code pages by the number of `ESC t`.
    pub pages: &'static [(u8, Page)],
    /// Columns of font A, where nothing else is asked.
    pub columns: u16,
    /// Double-byte mode is on after power-on and after `ESC @`.
    pub chinese: bool,
    /// What it answers.
    pub answers: Known,
}

/// Questions that a printer answers; to the others it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// `DLE EOT`: status at once.
    pub real_time: bool,
    /// `GS a`: status by itself.
    pub automatic: bool,
    /// `GS r`: status when everything before it is printed.
    pub queued: bool,
    /// `GS ( H`: a process id comes back when everything before it is printed.
    pub process_id: bool,
    /// `GS g`: counters of lines and cuts.
    pub counters: bool,
    /// `GS I`: who it is.
    pub identity: bool,
    /// `DLE DC4 8`: everything that is not printed was forgotten.
    pub clearing: bool,
}

impl Known {
    /// All of them.
    pub const ALL: Self = Self {
        real_time: true,
        automatic: true,
        queued: true,
        process_id: true,
        counters: true,
        identity: true,
        clearing: true,
    };
}

const EPSON_PAGES: &[(u8, Page)] = &[
    (0, Page::Pc437),
    (1, Page::Katakana),
    (2, Page::Pc850),
    (3, Page::Pc860),
    (4, Page::Pc863),
    (5, Page::Pc865),
    (13, Page::Pc857),
    (14, Page::Pc737),
    (15, Page::Iso8859_7),
    (16, Page::Windows1252),
    (17, Page::Pc866),
    (18, Page::Pc852),
    (19, Page::Pc858),
    (32, Page::Pc720),
    (33, Page::Pc775),
    (34, Page::Pc855),
    (35, Page::Pc861),
    (36, Page::Pc862),
    (37, Page::Pc864),
    (38, Page::Pc869),
    (39, Page::Iso8859_2),
    (40, Page::Iso8859_15),
    (44, Page::Pc1125),
    (45, Page::Windows1250),
    (46, Page::Windows1251),
    (47, Page::Windows1253),
    (48, Page::Windows1254),
    (49, Page::Windows1255),
    (50, Page::Windows1256),
    (51, Page::Windows1257),
    (52, Page::Windows1258),
    (53, Page::Kz1048),
];

const CLONE_PAGES: &[(u8, Page)] = &[
    (0, Page::Pc437),
    (1, Page::Katakana),
    (2, Page::Pc850),
    (3, Page::Pc860),
    (4, Page::Pc863),
    (5, Page::Pc865),
    (16, Page::Windows1252),
    (17, Page::Pc866),
    (18, Page::Pc852),
    (19, Page::Pc858),
    (25, Page::Windows1257),
    (27, Page::Windows1258),
    (28, Page::Pc864),
    (32, Page::Windows1255),
    (50, Page::Pc437),
    (52, Page::Pc437),
    (53, Page::Pc858),
    (54, Page::Pc852),
    (55, Page::Pc860),
    (56, Page::Pc861),
    (57, Page::Pc863),
    (58, Page::Pc865),
    (59, Page::Pc866),
    (60, Page::Pc855),
    (61, Page::Pc857),
    (62, Page::Pc862),
    (63, Page::Pc864),
    (64, Page::Pc737),
    (66, Page::Pc869),
    (71, Page::Windows1252),
    (72, Page::Windows1250),
    (73, Page::Windows1251),
    (90, Page::Windows1253),
    (91, Page::Windows1254),
    (92, Page::Windows1256),
    (93, Page::Pc720),
    (94, Page::Windows1258),
    (95, Page::Pc775),
];

const RONGTA_PAGES: &[(u8, Page)] = &[
    (0, Page::Pc437),
    (1, Page::Katakana),
    (2, Page::Pc850),
    (3, Page::Pc860),
    (4, Page::Pc863),
    (5, Page::Pc865),
    (6, Page::Windows1251),
    (7, Page::Pc866),
    (15, Page::Pc862),
    (16, Page::Windows1252),
    (17, Page::Windows1253),
    (18, Page::Pc852),
    (19, Page::Pc858),
    (24, Page::Pc737),
    (25, Page::Windows1257),
    (27, Page::Pc720),
    (28, Page::Pc855),
    (29, Page::Pc857),
    (30, Page::Windows1250),
    (31, Page::Pc775),
    (32, Page::Windows1254),
    (33, Page::Windows1255),
    (34, Page::Windows1256),
    (35, Page::Windows1258),
    (36, Page::Iso8859_2),
    (41, Page::Iso8859_7),
    (44, Page::Iso8859_15),
];

const CITIZEN_PAGES: &[(u8, Page)] = &[
    (0, Page::Pc437),
    (1, Page::Katakana),
    (2, Page::Pc850),
    (3, Page::Pc860),
    (4, Page::Pc863),
    (5, Page::Pc865),
    (6, Page::Pc852),
    (7, Page::Pc866),
    (8, Page::Pc857),
    (9, Page::Windows1252),
    (16, Page::Windows1252),
    (17, Page::Pc866),
    (18, Page::Pc852),
    (19, Page::Pc858),
    (40, Page::Pc864),
];

const KEFAR_PAGES: &[(u8, Page)] = &[
    (0, Page::Pc437),
    (1, Page::Katakana),
    (2, Page::Pc850),
    (3, Page::Pc860),
    (4, Page::Pc863),
    (5, Page::Pc865),
    (11, Page::Windows1252),
    (12, Page::Pc866),
    (13, Page::Pc852),
    (14, Page::Pc858),
    (23, Page::Pc864),
    (27, Page::Windows1255),
    (28, Page::Pc437),
    (29, Page::Katakana),
    (30, Page::Pc437),
    (31, Page::Pc858),
    (32, Page::Pc852),
    (33, Page::Pc860),
    (34, Page::Pc861),
    (35, Page::Pc863),
    (36, Page::Pc865),
    (37, Page::Pc866),
    (38, Page::Pc855),
    (39, Page::Pc857),
    (40, Page::Pc862),
    (41, Page::Pc864),
    (42, Page::Pc737),
    (44, Page::Pc869),
    (49, Page::Windows1252),
    (50, Page::Windows1250),
    (51, Page::Windows1251),
    (68, Page::Pc852),
    (70, Page::Windows1256),
];

const AURES_PAGES: &[(u8, Page)] = &[
    (0, Page::Pc437),
    (1, Page::Katakana),
    (2, Page::Pc850),
    (3, Page::Pc860),
    (4, Page::Pc863),
    (5, Page::Pc865),
    (9, Page::Pc852),
    (10, Page::Pc862),
    (11, Page::Pc866),
    (12, Page::Windows1251),
    (13, Page::Windows1254),
    (14, Page::Windows1255),
    (15, Page::Windows1257),
    (16, Page::Windows1252),
    (17, Page::Windows1253),
    (18, Page::Windows1250),
    (19, Page::Pc858),
];

const WINCOR_PAGES: &[(u8, Page)] = &[
    (0, Page::Pc437),
    (1, Page::Pc850),
    (2, Page::Pc852),
    (3, Page::Pc860),
    (4, Page::Pc863),
    (5, Page::Pc865),
    (6, Page::Pc858),
    (7, Page::Pc866),
    (8, Page::Windows1252),
    (9, Page::Pc862),
    (10, Page::Pc737),
    (12, Page::Pc857),
    (16, Page::Windows1254),
    (17, Page::Windows1250),
    (22, Page::Pc864),
    (23, Page::Pc720),
    (24, Page::Windows1256),
    (26, Page::Katakana),
    (27, Page::Pc775),
    (28, Page::Windows1257),
];

/// An Epson of the TM-T20II, TM-T88V kind; the others differ from it.
pub const EPSON: Profile = Profile {
    name: "epson",
    maker: "EPSON",
    model: "TM-T88V",
    pages: EPSON_PAGES,
    columns: 48,
    chinese: false,
    answers: Known::ALL,
};

const CLONE: Profile = Profile {
    name: "xprinter",
    maker: "XPRINTER",
    model: "XP-80",
    pages: CLONE_PAGES,
    chinese: true,
    answers: Known { process_id: false, counters: false, clearing: false, ..Known::ALL },
    ..EPSON
};

impl Profile {
    /// All that are known.
    pub const ALL: [Self; 7] = [
        EPSON,
        CLONE,
        Self { name: "rongta", maker: "RONGTA", model: "RP326", pages: RONGTA_PAGES, columns: 42, ..CLONE },
        Self { name: "citizen", maker: "CITIZEN", model: "CT-S651", pages: CITIZEN_PAGES, chinese: false, ..CLONE },
        Self { name: "kefar", maker: "KEFAR", model: "KR-306", pages: KEFAR_PAGES, ..CLONE },
        Self { name: "aures", maker: "AURES", model: "OCD-300", pages: AURES_PAGES, columns: 20, ..CLONE },
        Self { name: "wincor", maker: "WINCOR", model: "TH230", pages: WINCOR_PAGES, columns: 44, ..CLONE },
    ];

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name == name)
    }

    /// The page of a number after `ESC t`.
    pub fn page(&self, number: u8) -> Option<Page> {
        self.pages.iter().find(|(known, _)| *known == number).map(|(_, page)| *page)
    }
}

/// Dots across for so many columns: paper of 58 mm has 384, of 80 mm 512 or 576.
pub fn dots_of(columns: u16) -> usize {
    match columns {
        42 => 512,
        other => usize::from(other) * FONT_A_WIDTH,
    }
}
