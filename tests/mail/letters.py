"""Mails for the tests: made up, or with the proposal of 9 May 2017 in them."""

from pathlib import Path

PROSE = """\
From: Somebody <somebody@example.org>
Subject: Re: [PATCH] livepatch: watch
Content-Type: text/plain; charset=utf-8

On Mon, somebody wrote:
> On Sun, somebody else wrote:
> > Maybe this:
> >
> > if (in_nmi())
> > rcu_nmi_enter();
> > else
> > rcu_irq_enter();
> >
> > Other thoughts?
>
> The livepatch ftrace handler would need it (early in the NMI, I mean; or later).

The in_nmi() check doesn't work for exceptions. I think that is fine; so
the following should do:

if (in_nmi())
rcu_nmi_enter(); /* in case we're called before nmi_enter() */
else
rcu_irq_enter_irqson();

if (unlikely(!rcu_is_watching())) {
klp_block_patch_removal = true;
WARN_ON_ONCE(1);
}

It doesn't check the ist_enter() case, before
rcu_nmi_enter() has been called.

--
Somebody
"""
"""The form of the mail of 9 May 2017 as an archive shows it: indentation lost, quoted proposals of
others in it."""


def mail(body: str, *headers: str) -> bytes:
    """A mail with `body`."""
    head = ["From: a@example.org", "Subject: one", *headers]
    return ("\n".join(head) + "\n\n" + body).encode()


PATCH = (Path(__file__).parent / "watch.patch").read_text()
"""Two hunks; the model breaks a line elsewhere."""
WHOLE = (Path(__file__).parent / "whole.patch").read_text()
"""One hunk, in which a function stands whole."""
