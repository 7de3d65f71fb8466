//! The form, in the dashboard's look.

use super::*;

/// What the form is made of.
pub struct Form<'a> {
    /// Where the stylesheet lies.
    pub css: &'a str,
    pub project: &'a str,
    /// Light or dark, where the person has chosen.
    pub theme: Option<&'a str>,
    /// Where it leads.
    pub next: &'a str,
    /// What was wrong with what was sent.
    pub fault: Option<&'a str>,
}

/// The page.
pub fn form(form: &Form<'_>) -> String {
    let theme = form.theme.map(|theme| format!(" data-theme=\"{theme}\"")).unwrap_or_default();
    let (css, project, next) = (escaped(form.css), escaped(form.project), escaped(form.next));
    let fault = form
        .fault
        .map(|fault| format!("<p class=\"fault\" id=\"fault\" role=\"alert\">{}</p>", escaped(fault)));
    let marked = if fault.is_some() { " aria-invalid=\"true\" aria-describedby=\"fault\"" } else { "" };
    let fault = fault.unwrap_or_default();
    format!(
        "<!DOCTYPE html>
<html lang=\"en\"{theme}>
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>Log in · {project} · manus-sync</title>
<link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">
<link rel=\"stylesheet\" href=\"{css}\">
</head>
<body>
<main class=\"panel login\">
<h1><img src=\"/favicon.svg\" alt=\"\" width=\"20\" height=\"20\"> {project}</h1>
<form method=\"post\" action=\"{PATH}\">
<input type=\"hidden\" name=\"next\" value=\"{next}\">
<div class=\"field\">
<label for=\"token\">Token</label>
<input type=\"password\" id=\"token\" name=\"token\" required autofocus autocomplete=\"current-password\" spellcheck=\"false\"{marked}>
{fault}
</div>
<button class=\"button primary\">Log in</button>
</form>
<p class=\"muted\">A viewer’s token looks on, an admin’s acts. Whoever looks after this project makes one with
<code>manus-sync token create</code>.</p>
</main>
</body>
</html>
"
    )
}

/// The page as an answer, into which no foreign code gets.
pub fn answer(status: StatusCode, html: &str) -> Response {
    let mut response = Response::new(Body::from(html.to_owned()));
    *response.status_mut() = status;
    let policy = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
                  frame-ancestors 'none'";
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, "no-store"),
        // Not `no-referrer`: with that browsers send the form with the origin "null".
        (REFERRER_POLICY, "same-origin"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            letter => html.push(letter),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        let evil = "\"><script>'&";
        let html = form(&Form { css: "/x.css", project: evil, theme: None, next: evil, fault: Some(evil) });
        assert!(!html.contains("<script") && !html.contains("\"\">"), "{html}");
        assert_eq!(html.matches("&quot;&gt;&lt;script&gt;&#39;&amp;").count(), 4);
    }
}
