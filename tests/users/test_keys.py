"""What a service key's token looks like."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users import keys
from users.keys import ALPHABET, InvalidServiceKey, Token, mint, parse


def test_a_minted_token_has_the_documented_form() -> None:
    token = mint()

    assert re.fullmatch(r"jwg_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}", token.text)
    assert token.text.startswith(f"jwg_{token.prefix}_")


def test_the_secret_holds_more_than_128_bits() -> None:
    assert len(ALPHABET) ** keys.SECRET_LENGTH > 2**128


def test_two_minted_tokens_differ() -> None:
    assert len({mint().text for _ in range(100)}) == 100


def test_parsing_gives_back_the_minted_token() -> None:
    token = mint()

    assert parse(token.text) == token


@given(st.integers(4, 50), st.sampled_from(string.ascii_letters + string.digits))
def test_one_wrong_character_anywhere_is_found_without_asking_the_database(position: int, other: str) -> None:
    text = Token("aB3dE6gH", f"jwg_aB3dE6gH_{'x7' * 16}{keys.checksum('aB3dE6gH', 'x7' * 16)}").text
    broken = text[:position] + other + text[position + 1 :]

    if broken == text:
        assert parse(broken).text == text
    else:
        with pytest.raises(InvalidServiceKey):
            parse(broken)


@given(st.text(max_size=80))
def test_no_other_text_is_a_token(text: str) -> None:
    with pytest.raises(InvalidServiceKey):
        parse(text)


@pytest.mark.parametrize("suffix", ["\n", " ", "\0", "x"])
def test_nothing_may_follow_a_token(suffix: str) -> None:
    with pytest.raises(InvalidServiceKey):
        parse(mint().text + suffix)


def test_a_token_does_not_show_its_secret_when_it_is_logged() -> None:
    token = mint()

    assert token.text not in f"{token} {token!r} {[token]}"


def test_every_refusal_carries_the_same_challenge() -> None:
    error = InvalidServiceKey()

    assert error.status == 401
    assert error.headers == {"WWW-Authenticate": 'Bearer realm="jewgo", error="invalid_token"'}
