use jiff::civil::date;

use super::*;

fn extended(text: &str) -> Result<TaxTable, TaxTableError> {
    TaxTable::default().extended(text)
}

#[test]
fn every_published_slug_is_in_the_table() {
    let table = TaxTable::default();
    for (slug, mask) in [("ru_osn", 1), ("ru_usn", 2), ("ru_usnr", 4), ("ru_envd", 8), ("ru_esn", 16), ("ru_psn", 32)] {
        assert_eq!(table.system(slug).map(|s| s.system.mask()), Some(mask), "{slug}");
    }
    for (slug, rate) in [
        ("ru_vat_none", VatRate::Exempt),
        ("ru_vat_0", VatRate::Rate(0)),
        ("ru_vat_5", VatRate::Rate(500)),
        ("ru_vat_7", VatRate::Rate(700)),
        ("ru_vat_10", VatRate::Rate(1000)),
        ("ru_vat_20", VatRate::Rate(2000)),
        ("ru_vat_22", VatRate::Rate(2200)),
    ] {
        assert_eq!(table.vat(slug).map(|v| v.rate), Some(rate), "{slug}");
    }
}

#[test]
fn systems_and_rates_share_no_look_up() {
    let table = TaxTable::default();
    assert!(table.system("ru_vat_20").is_none());
    assert!(table.vat("ru_osn").is_none());
    let error = extended("[vats.ru_osn]\ntitle = \"x\"\nexempt = true").expect_err("both").to_string();
    assert_eq!(error, "[vats.ru_osn] is a tax system too; a slug can be one of them");
}

#[test]
fn a_shop_adds_a_country_of_its_own() {
    let table = extended(
        "[systems.kz_general]\ntitle = \"Общий\"\nmask = 0\nvats = [\"kz_vat_16\"]\n[vats.kz_vat_16]\ntitle = \"16 %\"\nbasis_points = 1600",
    )
    .expect("a table");
    assert_eq!(table.system("kz_general").map(|s| s.system), Some(TaxSystem::DEFAULT));
    assert_eq!(table.vat("kz_vat_16").map(|v| v.rate), Some(VatRate::Rate(1600)));
    assert!(table.system("ru_osn").is_some());
}

#[test]
fn a_shop_s_entry_takes_the_place_of_ours() {
    let table = extended("[systems.ru_usn]\ntitle = \"УСН\"\nmask = 2\nvats = [\"ru_vat_22\"]").expect("a table");
    let system = table.system("ru_usn").expect("known");
    assert!(system.is_usual("ru_vat_22") && !system.is_usual("ru_vat_none"));
}

#[test]
fn twenty_percent_may_become_twenty_two_from_a_day() {
    let table =
        extended("[[replace]]\nvat = \"ru_vat_20\"\nby = \"ru_vat_22\"\nfrom = \"2026-01-01\"").expect("a table");
    assert_eq!(table.replacement("ru_vat_20", date(2025, 12, 31)), None);
    let (slug, vat) = table.replacement("ru_vat_20", date(2026, 1, 1)).expect("replaced");
    assert_eq!((slug, vat.rate), ("ru_vat_22", VatRate::Rate(2200)));
    assert_eq!(TaxTable::default().replacement("ru_vat_20", date(2026, 1, 1)), None);
    assert!(
        table.vat("ru_vat_20").is_some_and(|v| v.is_outdated(date(2026, 1, 1)) && !v.is_outdated(date(2025, 12, 31)))
    );
}

#[test]
fn a_wrong_table_is_refused_and_says_where() {
    for (text, part) in [
        ("[vats.ru_vat_1]\ntitle = \"x\"", "[vats.ru_vat_1] needs either exempt"),
        ("[vats.ru_vat_1]\ntitle = \"x\"\nexempt = true\nbasis_points = 100", "needs either exempt"),
        ("[vats.ru_vat_1]\ntitle = \"x\"\nbasis_points = 10001", "above 10000"),
        ("[vats.ru_vat_1]\ntitle = \"x\"\nbasis_points = 5.5", "basis_points"),
        ("[vats.ru_vat_1]\ntitle = \"x\"\nrate = 5", "rate"),
        ("[vats.\"RU VAT\"]\ntitle = \"x\"\nexempt = true", "a slug has"),
        ("[systems.ru_x]\ntitle = \"x\"\nmask = 3", "mask: 3"),
        ("[systems.ru_x]\ntitle = \"x\"\nmask = 64", "mask: 64"),
        ("[systems.ru_x]\ntitle = \"x\"\nmask = 1\nvats = [\"ru_vat_33\"]", "\"ru_vat_33\" is in no [vats] table"),
        ("[[replace]]\nvat = \"ru_vat_20\"\nby = \"ru_vat_23\"\nfrom = \"2026-01-01\"", "\"ru_vat_23\" is in no"),
        ("[[replace]]\nvat = \"ru_vat_20\"\nby = \"ru_vat_22\"\nfrom = \"2026\"", "no day such as"),
        ("systems = 1", "systems"),
    ] {
        let error = extended(text).expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn what_the_table_lacks_against_the_cloud_s_list() {
    let list = r#"[{"title":"ОСН","slug":"ru_osn","vats":[{"title":"20%","slug":"ru_vat_20"},{"title":"18%","slug":"ru_vat_18"}]},
        {"title":"УСН","slug":"ru_usn","vats":[{"title":"22%","slug":"ru_vat_22"}]},
        {"title":"НПД","slug":"ru_npd","vats":[{"title":"18%","slug":"ru_vat_18"}]}]"#;
    let named = |slug: &str, title: &str| Named { slug: slug.into(), title: title.into() };
    let expected = Lacks {
        systems: vec![named("ru_npd", "НПД")],
        vats: vec![named("ru_vat_18", "18%")],
        pairs: vec![("ru_usn".into(), "ru_vat_22".into())],
    };
    let table = TaxTable::default();
    assert_eq!(table.lacks(list).expect("a list"), expected);
    assert_eq!(table.lacks(&format!(r#"{{"success":true,"data":{list}}}"#)).expect("a list"), expected);
    assert!(table.lacks("{}").is_err());
}
