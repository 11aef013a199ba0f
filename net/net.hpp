// SPDX-License-Identifier: MIT
#pragma once

// All of net/, but the adapter for Boost.Asio (asio_stream.hpp).

#include "acceptor.hpp"
#include "addr.hpp"
#include "addr_error.hpp"
#include "conn.hpp"
#include "dial.hpp"
#include "eof.hpp"
#include "host_port.hpp"
#include "listener.hpp"
#include "lookup.hpp"
#include "net_error.hpp"
#include "packet_conn.hpp"
#include "parse_error.hpp"
#include "pipe.hpp"
#include "stream.hpp"
