# SPDX-License-Identifier: MIT
"""Faults of HTTP: what a strict and bounded server must not do."""
from fault import Edit, fault, gtest

CHUNKS = "http/chunk_decoder.cpp"
HEAD = "http/head_parser.cpp"

FAULTS = [
    fault(
        41, "The lines of chunks may be as long as they like, whatever data they bring.",
        Edit(CHUNKS, "  if (excess_ > most_excess) return refuse(chunk_excess_object);\n",
             "  if (excess_ > most_excess && !warren::mutant(41)) return refuse(chunk_excess_object);\n"),
        gtest("http", "http_chunks.*")),
    fault(
        42, "A message with Content-Length and Transfer-Encoding is taken.",
        Edit(HEAD, "      if (transfer_encoding_seen_)\n", "      if (transfer_encoding_seen_ && !warren::mutant(42))\n"),
        Edit(HEAD, "      if (f.content_length >= 0) return", "      if (f.content_length >= 0 && !warren::mutant(42)) return"),
        gtest("http", "http_request*")),
    fault(
        43, "Trailers may say what only a head may say.",
        Edit(CHUNKS, "  if (is_forbidden(name)) return", "  if (is_forbidden(name) && !warren::mutant(43)) return"),
        gtest("http", "http_chunks.trailers*")),
    fault(
        44, "The accept loop ends when there is no descriptor left.",
        Edit("http/accept_loop.cpp", "      } else if (err != out_of_memory && !net::is_temporary(err)) {\n",
             "      } else if (err != out_of_memory && (!net::is_temporary(err) || warren::mutant(44))) {\n"),
        gtest("http_server", "accepting_run.goes_on*"), hang=True),
    fault(
        81, "A line of a head may end with a bare line feed.",
        Edit("http/field_lines.cpp", """\
  if (*stop != '\\r') return refuse(*stop == '\\n' ? "line ends with bare LF" : "invalid header value");
""", """\
  if (*stop == '\\n' && warren::mutant(81)) {
    place_.value_size = static_cast<std::uint32_t>(value_so_far(text).size());
    state_ = state::value_end;
    return step::field;
  }
  if (*stop != '\\r') return refuse(*stop == '\\n' ? "line ends with bare LF" : "invalid header value");
"""),
        gtest("http", "http_request*")),
    fault(
        82, "Two different lengths of one message are taken, and the first counts.",
        Edit(HEAD, "  if (whole ? before == value : before.starts_with(value)) return head_status::complete;\n",
             "  if (warren::mutant(82) || (whole ? before == value : before.starts_with(value))) "
             "return head_status::complete;\n"),
        gtest("http", "http_request*")),
    fault(
        83, "The size of a chunk may have more digits than fit.",
        Edit(CHUNKS, "  if (++digits_ > longest_size || left_ > INT64_MAX) refuse(chunk_too_long_object);\n",
             "  if ((++digits_ > longest_size || left_ > INT64_MAX) && !warren::mutant(83)) refuse(chunk_too_long_object);\n"),
        gtest("http", "http_chunks.*:http_requests.*")),
    fault(
        84, "A head may have any number of fields.",
        Edit(HEAD, "  if (places_.size() >= limits_.max_fields) {\n",
             "  if (places_.size() >= limits_.max_fields && !warren::mutant(84)) {\n"),
        gtest("http", "http_request*")),
    fault(
        85, "A value with a line end in it is written as it is, and splits the message.",
        Edit("http/header.cpp", "  return skip_text(value.data(), end) == end;\n",
             "  return skip_text(value.data(), end) == end || warren::mutant(85);\n"),
        gtest("http", "http_header.*")),
    fault(
        86, "What a handler left of a body is read to its end, however much it is.",
        Edit("http/message_body.cpp", "input_ != nullptr && !too_much && n <= limit;)",
             "input_ != nullptr && (warren::mutant(86) || (!too_much && n <= limit));)"),
        gtest("http", "http_message_body.*"), hang=True),
    fault(
        87, "A server takes more connections than it was told to.",
        Edit("http/server_core.cpp", "    if (max == 0 || count_", "    if (max == 0 || warren::mutant(87) || count_"),
        gtest("http_server", "accepting_run.no_more*")),
    fault(
        89, "The context of a request that somebody still held when it ended comes back in the next.",
        Edit("http/request_scope.cpp", "  made_ = nil;\n  return true;\n", "  if (!warren::mutant(89)) made_ = nil;\n  return true;\n"),
        gtest("http_server", "disconnect_run.a_context_that_somebody_kept*"), hang=True),
]
