//! What was found, and the way out, in the languages of the messages.

use super::finding::Ailment;
use crate::messages::{self, Locale};

impl Ailment {
    /// What is wrong.
    pub(in crate::console) fn what(&self, locale: Locale) -> String {
        match self {
            Self::ConfigMissing => locale.pick("файла настроек нет", "there is no configuration"),
            Self::ConfigForm(text) => {
                locale.pick(format!("файл настроек не читается: {text}"), format!("it cannot be read: {text}"))
            }
            Self::ConfigProblem(text) => locale.pick(format!("настройка неверна: {text}"), text.clone()),
            Self::SecretUnreadable { user } => locale.pick(
                format!("пользователь службы {user} не может прочитать этот файл"),
                format!("the service's user {user} cannot read it"),
            ),
            Self::CredentialNotLoaded { name } => locale.pick(
                format!("служба не получает от systemd учётные данные {name}"),
                format!("the service gets no credential {name} from systemd"),
            ),
            Self::ServiceDown => locale.pick("служба не работает", "the service does not run"),
            Self::ListenTaken(why) => {
                locale.pick(format!("адрес занят другой программой: {why}"), format!("the address is taken: {why}"))
            }
            Self::PortMissing => locale.pick("такого порта сейчас нет", "there is no such port now"),
            Self::BrailleTookAdapter { adapter } => locale.pick(
                format!("адаптер {adapter} подключён, но его забрала программа brltty (дисплеи Брайля)"),
                format!("the adapter {adapter} is plugged in, but brltty (Braille displays) has taken it"),
            ),
            Self::PortForbidden { user, group } => locale.pick(
                format!("у пользователя {user} нет прав на порт; они есть у группы {group}"),
                format!("the user {user} has no right to it; the group {group} has"),
            ),
            Self::NoPrinterDriver => locale.pick(
                "принтер USB подключён, но драйвер ядра usblp не занял его",
                "a USB printer is plugged in, but the kernel's driver usblp has not taken it",
            ),
            Self::ModemManager => locale.pick(
                "работает ModemManager: он посылает модемные команды в новые последовательные порты",
                "ModemManager runs: it sends modem commands to new serial lines",
            ),
            Self::LoginPrompt => locale.pick(
                "на этой линии система ждёт входа (getty или консоль ядра)",
                "the system waits for a login on this line (getty or the kernel's console)",
            ),
            Self::UnstableName { .. } => locale.pick(
                "это имя может завтра достаться другому устройству",
                "this name may belong to another device tomorrow",
            ),
            Self::PortShared { other } => locale
                .pick(format!("тот же порт указан и для {other}"), format!("the same port is configured for {other}")),
            Self::DeviceSilent(why) => {
                locale.pick(format!("устройство не отвечает: {why}"), format!("the device does not answer: {why}"))
            }
            Self::DeviceHindered(reason) => messages::hindrance(reason, locale),
            Self::ShiftExpired => {
                locale.pick("смена открыта больше 24 часов", "the shift has been open for more than 24 hours")
            }
            Self::ShiftOld { hours } => locale.pick(
                format!("смена открыта {hours} ч; после 24 ч касса не продаёт"),
                format!("the shift has been open for {hours} h; after 24 h the device sells no more"),
            ),
            Self::ClosingMissed(text) => text.clone(),
            Self::ForeignReceipt => {
                locale.pick("в кассе открыт чек другой программы", "a receipt of another program is open")
            }
            Self::PaperPending => locale
                .pick("последний документ пробит, но не напечатан", "the last document is registered, not printed"),
            Self::DeviceClock { minutes } => locale.pick(
                format!("часы кассы расходятся с временем магазина на {minutes} мин"),
                format!("the device's clock differs from the shop's time by {minutes} min"),
            ),
            Self::StorageEnds { days } if *days < 0 => {
                locale.pick("срок фискального накопителя истёк", "the fiscal storage has expired")
            }
            Self::StorageEnds { days } => locale.pick(
                format!("срок фискального накопителя истекает через {days} дн"),
                format!("the fiscal storage expires in {days} days"),
            ),
            Self::StorageFills { documents } => locale.pick(
                format!("в фискальном накопителе осталось места на {documents} документов"),
                format!("the fiscal storage has room for {documents} more documents"),
            ),
            Self::Unsent { documents, days } => locale.pick(
                format!("{documents} документов не переданы в ОФД, первый ждёт {days} дн"),
                format!("{documents} documents are not confirmed by the tax data operator, the first for {days} days"),
            ),
            Self::DeviceWarns(text) => {
                locale.pick(format!("устройство предупреждает: {text}"), format!("the device warns: {text}"))
            }
            Self::RateMissing { slug, system } => locale.pick(
                format!("касса не знает ставку {slug}, обычную для {system}"),
                format!("the device does not have the rate {slug}, usual under {system}"),
            ),
            Self::SystemUnknown { mask } => locale.pick(
                format!("касса зарегистрирована на систему налогообложения {mask} (тег 1055), её нет в таблице"),
                format!("the device is registered for tax system {mask} (tag 1055), which the table does not have"),
            ),
            Self::CertificateEnds { days } if *days < 0 => {
                locale.pick("срок сертификата истёк", "the certificate has expired")
            }
            Self::CertificateEnds { days } => locale.pick(
                format!("сертификат истекает через {days} дн"),
                format!("the certificate expires in {days} days"),
            ),
            Self::CallbackUnreachable(why) => locale.pick(
                format!("адрес, куда уходят ответы, недоступен: {why}"),
                format!("where results go cannot be reached: {why}"),
            ),
            Self::DiskLow { free_mib } => locale.pick(
                format!("на диске журнала свободно {free_mib} МиБ"),
                format!("the journal's disk has {free_mib} MiB free"),
            ),
            Self::JournalForeign { user } => locale.pick(
                format!("файл принадлежит не пользователю службы {user}, и служба его не откроет"),
                format!("it does not belong to the service's user {user}, who cannot open it"),
            ),
            Self::JournalUnusable(why) => {
                locale.pick(format!("журнал не открывается: {why}"), format!("the journal cannot be opened: {why}"))
            }
            Self::PersonNeeded { row } => locale.pick(
                format!("документ {row}: касса не может сказать, пробит ли он; решает человек"),
                format!("document {row}: the device cannot say whether it was registered; a person must decide"),
            ),
            Self::Fenced { device } => locale.pick(
                format!("{device}: касса не та, что вчера, или в ней чеки, которых нет в журнале; печать остановлена"),
                format!(
                    "{device}: not the device of yesterday, or it holds receipts the journal does not know; stopped"
                ),
            ),
            Self::Parked { count } => locale.pick(
                format!("{count} ответов отклонены облаком и отложены"),
                format!("{count} reports were refused by the cloud and are parked"),
            ),
            Self::TimeImpossible => {
                locale.pick("часы машины стоят раньше 2026 года", "the machine's clock is before the year 2026")
            }
            Self::TimeUnsynchronized => {
                locale.pick("часы машины никто не сверяет", "nobody keeps the machine's clock right")
            }
        }
    }

    /// What to do.
    pub(in crate::console) fn way_out(&self, locale: Locale) -> String {
        match self {
            Self::ConfigMissing => locale.pick("выполните kkm-bridge setup", "run kkm-bridge setup"),
            Self::ConfigForm(_) | Self::ConfigProblem(_) => locale.pick(
                "исправьте файл настроек и проверьте: kkm-bridge check",
                "correct the configuration, then look again: kkm-bridge check",
            ),
            Self::SecretUnreadable { user } => locale
                .pick(format!("chown {user} ФАЙЛ && chmod 600 ФАЙЛ"), format!("chown {user} FILE && chmod 600 FILE")),
            Self::CredentialNotLoaded { name } => locale.pick(
                format!("systemctl edit kkm-bridge: [Service] LoadCredential={name}:/etc/kkm-bridge/{name}"),
                format!("systemctl edit kkm-bridge: [Service] LoadCredential={name}:/etc/kkm-bridge/{name}"),
            ),
            Self::ServiceDown => locale.pick(
                "systemctl enable --now kkm-bridge; причина остановки: journalctl -u kkm-bridge",
                "systemctl enable --now kkm-bridge; why it stopped: journalctl -u kkm-bridge",
            ),
            Self::ListenTaken(_) => locale.pick(
                "узнайте, кто занял адрес: ss -ltnp; остановите его или смените intake.listen",
                "see who has it: ss -ltnp; stop that program or change intake.listen",
            ),
            Self::PortMissing => locale.pick(
                "включите кассу и проверьте кабель; какие порты есть: kkm-bridge devices",
                "switch the device on and check the cable; the ports there are: kkm-bridge devices",
            ),
            Self::BrailleTookAdapter { .. } => locale.pick(
                "apt-get remove brltty (или systemctl mask --now brltty brltty-udev), затем переподключите адаптер",
                "apt-get remove brltty (or systemctl mask --now brltty brltty-udev), then plug the adapter in again",
            ),
            Self::PortForbidden { user, group } => locale.pick(
                format!("usermod -aG {group} {user} && systemctl restart kkm-bridge"),
                format!("usermod -aG {group} {user} && systemctl restart kkm-bridge"),
            ),
            Self::NoPrinterDriver => locale.pick(
                "modprobe usblp; если usblp запрещён в /etc/modprobe.d, уберите строку blacklist usblp",
                "modprobe usblp; if /etc/modprobe.d forbids it, remove the line blacklist usblp",
            ),
            Self::ModemManager => locale.pick(
                "systemctl disable --now ModemManager, если в машине нет модема",
                "systemctl disable --now ModemManager, unless the machine has a modem",
            ),
            Self::LoginPrompt => locale.pick(
                "systemctl mask --now serial-getty@ПОРТ; уберите console=ПОРТ из параметров ядра",
                "systemctl mask --now serial-getty@PORT; remove console=PORT from the kernel's command line",
            ),
            Self::UnstableName { better: Some(name) } => {
                locale.pick(format!("укажите port = \"{name}\""), format!("write port = \"{name}\""))
            }
            Self::UnstableName { better: None } => locale.pick(
                "укажите ссылку из /dev/serial/by-id или port = \"auto\" с заводским номером",
                "name a link in /dev/serial/by-id, or port = \"auto\" with the serial number",
            ),
            Self::PortShared { .. } => {
                locale.pick("укажите каждому устройству свой порт", "give each device a port of its own")
            }
            Self::DeviceSilent(_) => locale.pick(
                "включите кассу, проверьте кабель, порт и скорость (baud)",
                "switch the device on, check cable, port and speed (baud)",
            ),
            Self::DeviceHindered(_) => locale.pick(
                "устраните причину на самой кассе; ждущие документы напечатаются сами",
                "remove the cause at the device itself; what waits is printed by itself",
            ),
            Self::ShiftExpired | Self::ShiftOld { .. } | Self::ClosingMissed(_) => {
                locale.pick("kkm-bridge shift close", "kkm-bridge shift close")
            }
            Self::ForeignReceipt => locale.pick(
                "закройте или отмените чек в той программе; если других программ нет: exclusive = true",
                "finish or cancel it in that program; if there is no other: exclusive = true",
            ),
            Self::PaperPending => locale.pick(
                "вставьте бумагу и закройте крышку, затем kkm-bridge paper continue",
                "put in paper and close the cover, then kkm-bridge paper continue",
            ),
            Self::DeviceClock { .. } => locale.pick(
                "закройте смену и установите часы кассы; проверьте altegio.time_zone",
                "close the shift and set the device's clock; check altegio.time_zone",
            ),
            Self::StorageEnds { .. } | Self::StorageFills { .. } => locale.pick(
                "закажите замену фискального накопителя в сервисе",
                "order a new fiscal storage from your service company",
            ),
            Self::Unsent { .. } => locale.pick(
                "проверьте интернет кассы и договор с ОФД; через 30 дней накопитель перестанет работать",
                "check the device's own internet link and the operator's contract; after 30 days the storage stops",
            ),
            Self::DeviceWarns(_) => {
                locale.pick("покажите это сервису кассы", "show this to the device's service company")
            }
            Self::RateMissing { .. } => locale.pick(
                "обновите прошивку кассы и выберите profile, или не применяйте эту ставку в Altegio",
                "update the device's firmware and choose its profile, or do not use this rate in Altegio",
            ),
            Self::SystemUnknown { .. } => locale.pick(
                "добавьте систему в свою таблицу налогов (tax_table; форма: config/tax/ru.toml)",
                "add the system to a tax table of yours (tax_table; config/tax/ru.toml shows the form)",
            ),
            Self::CertificateEnds { .. } => locale.pick(
                "обновите сертификат (certbot renew), затем systemctl reload kkm-bridge",
                "renew the certificate (certbot renew), then systemctl reload kkm-bridge",
            ),
            Self::CallbackUnreachable(_) => locale.pick(
                "проверьте интернет, DNS и межсетевой экран; ответы копятся и уйдут сами",
                "check internet, DNS and firewall; results are kept and go out by themselves",
            ),
            Self::DiskLow { .. } => locale.pick(
                "освободите место: journalctl --vacuum-size=200M, apt-get clean; ниже 32 МиБ приём останавливается",
                "free some room: journalctl --vacuum-size=200M, apt-get clean; below 32 MiB nothing is taken in",
            ),
            Self::JournalForeign { user } => locale.pick(
                format!("chown -R {user}: КАТАЛОГ_ЖУРНАЛА; не запускайте kkm-bridge run от root"),
                format!("chown -R {user}: THE_JOURNAL'S_DIRECTORY; do not start kkm-bridge run as root"),
            ),
            Self::JournalUnusable(_) => locale.pick(
                "не удаляйте ничего; верните копию: kkm-bridge restore КОПИЯ, или покажите сервису support-bundle",
                "remove nothing; put a copy back: kkm-bridge restore COPY, or show the support-bundle to service",
            ),
            Self::PersonNeeded { row } => locale.pick(
                format!("посмотрите на чек, затем kkm-bridge show {row}"),
                format!("look at the receipt, then kkm-bridge show {row}"),
            ),
            Self::Fenced { device } => locale.pick(
                format!("если касса та самая: kkm-bridge agree {device}"),
                format!("if it is the right one: kkm-bridge agree {device}"),
            ),
            Self::Parked { .. } => locale.pick(
                "kkm-bridge queue покажет ответ облака; устраните причину и kkm-bridge retry",
                "kkm-bridge queue shows the cloud's answer; remove the cause, then kkm-bridge retry",
            ),
            Self::TimeImpossible | Self::TimeUnsynchronized => locale.pick(
                "timedatectl set-ntp true (или установите chrony)",
                "timedatectl set-ntp true (or install chrony)",
            ),
        }
    }
}
