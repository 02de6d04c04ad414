"""GS1's rules in one place to import from: trade item numbers, element strings, dates, Digital Links."""

from labelsvc.domain.application_identifiers import (
    CSET_82,
    TABLE,
    ApplicationIdentifier,
    application_identifier,
    check_lot_number,
    check_serial,
    check_value,
)
from labelsvc.domain.digital_link import check_digital_link_domain, digital_link
from labelsvc.domain.element_strings import (
    FNC1,
    ElementPair,
    check_element_string,
    check_item_carriers,
    element_string,
    hri,
    split_element_string,
)
from labelsvc.domain.gs1_dates import format_yymmdd, parse_yymmdd
from labelsvc.domain.gtin import (
    LOGISTIC_UNITS,
    ProductCode,
    ProductKind,
    check_digit,
    check_item,
    parse_gtin,
    parse_product_code,
    parse_trade_item,
)
from labelsvc.domain.sscc import check_sscc

__all__ = [
    "CSET_82",
    "FNC1",
    "LOGISTIC_UNITS",
    "TABLE",
    "ApplicationIdentifier",
    "ElementPair",
    "ProductCode",
    "ProductKind",
    "application_identifier",
    "check_digit",
    "check_digital_link_domain",
    "check_element_string",
    "check_item",
    "check_item_carriers",
    "check_lot_number",
    "check_serial",
    "check_sscc",
    "check_value",
    "digital_link",
    "element_string",
    "format_yymmdd",
    "hri",
    "parse_gtin",
    "parse_product_code",
    "parse_trade_item",
    "parse_yymmdd",
    "split_element_string",
]
