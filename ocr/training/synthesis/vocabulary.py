"""Words that invented texts are made of: months, names, places, goods, abbreviations.

Prose has few digits, capitals and currency signs, and novels have no invoices. The lists are
short on purpose: they give each form its look, and the numbers beside them the variety.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


MONTHS = {
    "en": _words("""
January February March April May June July August September October November December
"""),
    "fr": _words("""
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
"""),
    "de": _words("""
Januar Februar März April Mai Juni Juli August September Oktober November Dezember
"""),
    "es": _words("""
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
"""),
    "it": _words("""
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
"""),
    "nl": _words("""
januari februari maart april mei juni juli augustus september oktober november december
"""),
    "pt": _words("""
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
"""),
}
DAYS = {
    "en": _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon. Tues. Thurs. Fri."),
    "fr": _words("lundi mardi mercredi jeudi vendredi samedi dimanche Lundi Jeudi Dimanche"),
    "de": _words("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonnabend Sonntag Mo. Do."),
    "es": _words("lunes martes miércoles jueves viernes sábado domingo"),
    "it": _words("lunedì martedì mercoledì giovedì venerdì sabato domenica"),
    "nl": _words("maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"),
    "pt": _words("segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado"),
}
FIRST_NAMES = _words("""
Anna Marie Jean Pierre John William Mary Elizabeth Karl Friedrich Johann Wilhelm Maria José Juan
Carmen Giovanni Giuseppe Lucia Paolo Louis Henri François Hélène Zoë Chloé Léon Édouard Thérèse
Joséphine Andrew George Charles Emily Sarah Hannah Jürgen Günther Käthe Grete Otto Hans Ursula
Björn Søren Åsa Inês João Ángel Íñigo Núria Àngels Ève Noël Quentin Xavier Yvonne Zacharie Kevin
Wanda Victor Ophelia Ulrich Ignaz Benoît Gaëlle
""")
LAST_NAMES = _words("""
Smith Jones Taylor Brown Wilson Johnson Walker Wright Thompson Hughes O'Brien McDonald MacKay
Fitzgerald Quick Young Dubois Dupont Lefèvre Girard Rousseau Mercier Garçon Benoît Chevalier
D'Aubigné L'Hôpital Müller Schmidt Schneider Fischer Weber Wagner Becker Hoffmann Schäfer Groß
Weiß Krüger Jäger Köhler Zimmermann García Martínez López Núñez Muñoz Ibáñez Rossi Bianchi
Esposito Ricci Marino Conti D'Angelo Jansen Kowalski Novák Håkansson Ødegård Sørensen Gonçalves
Magalhães Ximénez Yáñez Zola Quesnel
""")
TITLES = _words("""
Mr. Mrs. Miss Ms Dr. Prof. Rev. Sir Capt. M. Mme Mlle MM. Me Mgr Herr Frau Hr. Fr. Frl. Sr. Sra.
D. Dª Sig. Sig.ra Dott. Ing. Avv.
""")
COMPANY_FORMS = ("& Co.", "& Cie", "& Fils", "& Sons", "Ltd.", "Inc.", "LLC", "GmbH", "AG", "S.A.",
                 "S.p.A.", "SARL", "KG", "plc", "e.V.", "Bros.", "frères", "Nachf.")  # fmt: skip
PLACES = _words("""
London Paris Berlin Madrid Roma Wien Zürich Genève Bruxelles Lyon Marseille Nîmes Orléans München
Köln Düsseldorf Würzburg Nürnberg Leipzig Sevilla Córdoba Málaga Torino Forlì Napoli Oxford Leeds
York Bristol Dublin Boston Chicago Québec Montréal Praha Malmö Århus
""")
GOODS = _words("""
Milk Bread Butter Eggs Coffee Tea Sugar Flour Rice Cheese Apples Wine Beer Soap Paper Candles Lait
Pain Beurre Œufs Café Thé Sucre Farine Fromage Savon Chandelles Bœuf Crème Pâtes Milch Brot Käse
Kaffee Zucker Mehl Äpfel Öl Bücher Müsli Süßstoff Spülmittel Geschenk Leche Pan Jabón Azúcar Latte
Pane Formaggio Zucchero Caffè Acqua Labour Material Transport Subtotal Shipping Fee Deposit Porto
Rabatt Service Livraison Honoraires Diverses Übertrag
""")
UNITS = _words("""
kg g lb oz l ml cl m cm mm km ha m² pcs. Stk. St. dz. pièces h min. doz. t cwt. yds.
""")
ABBREVIATIONS = _words("""
e.g. i.e. etc. viz. cf. ibid. op. cit. loc. vs. approx. No. Nos. Esq. Messrs. Hon. St. Dept. z.B.
d.h. u.a. usw. bzw. ca. Nr. Str. Hrsg. Aufl. S. geb. gest. evtl. ggf. inkl. c.-à-d. p.ex. s.d. s.l.
éd. fasc. art. chap. p.p. q.v. cte. Mgr R.F. S.V.P. N.B. P.S. R.S.V.P. pág. núm. Uds. EE.UU.
S.E.u.O. ecc. pag. sig. a.m. p.m. B.A. M.A. Ph.D. U.S. U.K. R.A. F.R.S.
""")
DOMAINS = _words("com org net fr de it es co.uk ch at be eu nl edu gov io info")
# What stands before and after a quotation, by tradition.
QUOTES = (("“", "”"), ("‘", "’"), ('"', '"'), ("'", "'"), ("« ", " »"), ("«", "»"), ("»", "«"),
          ("„", "“"), ("‚", "‘"), ("„", "”"), ("”", "”"), ("‹", "›"), ("(", ")"), ("[", "]"),
          ("— ", ""), ("– ", ""), ("- ", ""), ("—", "—"), ("…", "…"), ("¿", "?"), ("¡", "!"),
          ("(", ")."), ("* ", ""), ("† ", ""), ("• ", ""), ("“", ""), ("", "”"), ("", ";"),
          ("", ":"), ("", "!"), ("", "?"), ("", " !"), ("", " ?"), ("", " ;"), ("", " :"),
          ("", "..."), ("", "…"), ("", "*"), ("", "¹"), ("", "²"), ("", ".—"), ("1) ", ""),
          ("2. ", ""), ("a) ", ""), ("§ 3. ", ""), ("N.B. ", ""), ("& ", ""))  # fmt: skip
DRILLS = (
    "abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿß",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÄÅÆÇÈÉÊËÍÎÏÑÒÓÔÖØŒÙÚÛÜÝ",
    "0123456789",
    "0123456789.,:-/()+%*=#€$£",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.,;:!?'’-&",
    "!?()[]{}<>\"'’‘“”„«»‹›.,;:…·•*†&@#%+=×±/\\|_~^-–—$€£§°½¼¾²³ºª¡¿",
)
"""Characters that random groups are made of, so that none is too rare to be learnt."""
