"""Forms of dates, addresses, receipts and headings: templates for invented texts.

A form names its parts in braces; ``inventions.py`` fills each part anew. Forms stand between
bars, so that a page shows them all. They are of many countries, since a form that a model has
never seen is a line that it guesses.
"""

from __future__ import annotations

import re


def _forms(text: str) -> tuple[str, ...]:
    return tuple(re.split(r" \| |\n", text.strip("\n")))


LONG_DATES = {
    "en": _forms("""
{day} {month} {year} | {month} {day}, {year} | {weekday}, {day} {month} {year}
{month} {day}th, {year} | {day}th {month}, {year} | the {day}th of {month}, {year}
{month} {year} | {month} {day} | Dated this {day}th day of {month} {year}
"""),
    "fr": _forms("""
{day} {month} {year} | le {day} {month} {year} | {weekday} {day} {month} {year}
Le {weekday} {day} {month} | {month} {year} | ce {day} {month} | Paris, le {day} {month} {year}
du {day} {month} {year} | Fait le {day} {month} {year}.
"""),
    "de": _forms("""
{day}. {month} {year} | den {day}. {month} {year} | {weekday}, den {day}. {month} {year}
{month} {year} | am {day}. {month} | Berlin, {day}. {month} {year} | vom {day}. {month} {year}
Wien, im {month} {year}
"""),
    "es": _forms("""
{day} de {month} de {year} | {weekday}, {day} de {month} de {year}
Madrid, {day} de {month} de {year} | {month} {year}
"""),
    "it": _forms("""
{day} {month} {year} | {weekday} {day} {month} {year} | Roma, lì {day} {month} {year}
{month} {year} | li {day} {month}
"""),
    "nl": _forms("""
{day} {month} {year} | {weekday} {day} {month} {year} | den {day} {month} {year}
"""),
    "pt": _forms("""
{day} de {month} de {year} | Lisboa, {day} de {month} de {year}
"""),
}
SHORT_DATES = _forms("""
{day:02}.{month_number:02}.{year} | {day}.{month_number}.{year}
{day:02}/{month_number:02}/{year} | {day}/{month_number}/{short_year:02}
{year}-{month_number:02}-{day:02} | {month_number:02}/{day:02}/{year}
{day:02}-{month_number:02}-{year} | {day}.{month_roman}.{year} | {day}/{month_roman} {year}
{day}. {month_number}. {year} | {day}.{month_number}.{short_year:02}
{day:02} {month_number:02} {year} | {month_number:02}/{year}
{day:02}.{month_number:02}.{short_year:02} | {day:02}/{month_number:02}/{short_year:02}
{day}-{month_number}-'{short_year:02} | {year}/{month_number:02}/{day:02}
""")
ADDRESSES = _forms("""
{house}, rue {last} | {house} rue de {place}, {post_code} {place}
{house} bis, boulevard {first} {last} | {post_code} {place} CEDEX
{house} {last} Street, {place} | {house} {last} Road, {place} NW{house} {digit}XE
{house}/{house} {last} Ave., Apt. {digit}B | {last}straße {house}, {post_code} {place}
{last}str. {house}, D-{post_code} {place} | {last}weg {house}a
Calle {last}, {house}, {post_code} {place} | C/ {first} {last} {house}, {digit}º izq.
Via {last} {house}, {post_code} {place} (RM) | Piazza {last}, {house} | P.O. Box {post_code}
{place}, {last} Place No. {house} | Postfach {post_code}, {place} | {post_code} {place}
{house}, av. de {place} | c/o {first} {last} | {last} House, {house} High St., {place}
à {place}, chez {first} {last} | Flat {digit}, {house} {last} Lane
""")
PHONES = _forms("""
+33 1 ## ## ## ## | 0# ## ## ## ## | 0#.##.##.##.## | +49 30 ######-## | 0##/#######
(0##) ### ## ## | +44 20 7### #### | 01## ### #### | (###) ###-#### | 1-800-###-####
+39 06 ######## | +34 9## ## ## ## | +41 22 ### ## ## | Tel. ## ## ## | Tél. : 0# ## ## ##
Tel.: 0## - ## ## ## | Fax +43 1 ####### | Telefon ####
""")
REFERENCES = _forms("""
Invoice No. {number} | INVOICE #{number} | Inv. no.: {code} | Facture n° {number}
Réf. : {code} | N/Réf. {code}/{year} | Rechnung Nr. {number} | Rechnungs-Nr.: {code}
Az.: {number} {letter} {year}/{year} | Factura núm. {number} | Fattura n. {number}/{year}
Order {code} | Our ref.: {code} | V/réf.: {letter}{number}
Your letter of {small}.{digit}.{year} | Ticket #{number} | IBAN DE{small} {year} {number} {year}
BIC: {code} | VAT Reg. No. GB{number} | USt-IdNr. DE{number} | SIRET {number} {year}
Kd.-Nr. {number} | Cust. ID {code} | Art. {small}, al. {digit} | § {small} Abs. {digit} BGB
Sect. {small}({letter}) | Doc. {code} | File: {code}.pdf | vol. {roman}, p. {small}
t. {roman}, p. {small}-{number} | Bd. {roman}, S. {small} ff. | fol. {small} r°
pp. {small}–{number} | Cf. {last}, op. cit., p. {small}. | See {last} ({year}), p. {small}.
{last}, {first}. {year}. | ibid., n. {small} | Fig. {small} | Tab. {small}.{digit}
Abb. {small}: | Pl. {roman}. | No. {small} | N° {number} | Nº {small} | nº {small}
""")
HEADINGS = _forms("""
CHAPTER {roman}. | CHAPTER {small} | BOOK {roman} | PART {roman}. | CHAPITRE {roman}
CHAPITRE PREMIER | LIVRE {roman}. | ACTE {roman}, SCÈNE {roman} | TOME {roman} | KAPITEL {small}
Erstes Kapitel | CAPÍTULO {roman} | CAPITOLO {roman} | {roman}. | § {small}. | §. {small}.
INDEX | PREFACE. | PRÉFACE | VORWORT. | TABLE DES MATIÈRES | CONTENTS. | INHALT | FIN. | THE END
NOTE. | ANNEXE {letter} | {small}.{digit} Results | {small}. Einleitung | Section {small}
Chap. {roman} | CHAP. {roman}.
""")
PAGE_NUMBERS = _forms("""
{page} | — {page} — | - {page} - | [{page}] | ({page}) | {page_roman} | p. {page} | {page}.
{page} / {page} | Page {page} of {page} | Seite {page} | – {page} – | {page}* | *{page}
·{page}·
""")
RECEIPT_LINES = _forms("""
{GOODS} {amount} | {small} x {amount} | {small} {GOODS} {amount}
{GOODS} {small}{unit} {amount} A | {goods} {amount} B | TOTAL {amount} | Total EUR {amount}
SUMME EUR {amount} | TOTAL TTC {amount} | TVA {rate}% {amount} | MwSt. {rate} % {amount}
VAT {rate}% {amount} | IVA {rate}% | Subtotal: {amount} | CASH {amount} | CHANGE {amount}
Gegeben BAR {amount} | Rückgeld {amount} | Rendu {amount} | VISA ************{number}
CARD NO: XXXX XXXX XXXX {number} | Bon-Nr. {number} | Kasse {small} Bed. {number}
{date} {time} | {date} {time} #{number} | TSE-Nr. {number} | AUTH CODE {number}
*** THANK YOU *** | Vielen Dank für Ihren Einkauf! | MERCI DE VOTRE VISITE | GRACIAS | -{amount}
Rabatt -{rate}% | {goods} {small} {unit} | ART. {number} {GOODS} | TEL. {number} | ** KOPIE **
Balance due
""")
TABLE_ROWS = _forms("""
{small} {goods} {amount} | {small} {unit} {goods} | {goods} | {GOODS} | {amount} | {small}
{small},{small} | {rate} % | {date} | {goods}, {goods} {amount} | {number}
{number} {goods} {amount} | {date} {goods} {amount} {amount} | — | id. | do. | ditto | n/a
{small} × {amount} = {amount} | {amount} ({rate}%) | ± {small},{small} | {small} °C | +{rate}%
{small}/{small} | {year}
""")
