"""A server in a container trusts X-Forwarded-For of its own networks, or of those that the operator names."""

import os
import socket
import subprocess
from ipaddress import ip_network

import psutil

from server_kit.settings import ServerSettings
from tests.support.chat_stack import ROOT, SECRET


def trusted_by_run_server(**settings: str) -> tuple[str, ...]:
    command = [str(ROOT / "docker" / "run-server"), "printenv", "TRUSTED_PROXIES"]
    env = {"PATH": os.environ["PATH"], **settings}
    said = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    return ServerSettings(hotchat_secret=SECRET, trusted_proxies=said.strip()).trusted_proxies


def test_a_server_in_a_container_trusts_its_own_networks_and_no_other() -> None:
    own = {
        ip_network(f"{address.address}/{address.netmask}", strict=False)
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if address.family == socket.AF_INET and address.netmask and name != "lo"
    }
    trusted = {ip_network(network) for network in trusted_by_run_server()}
    assert trusted <= own or not own, (trusted, own)


def test_the_operators_setting_takes_precedence() -> None:
    assert trusted_by_run_server(TRUSTED_PROXIES="10.1.0.0/16") == ("10.1.0.0/16",)


def test_compose_does_not_exempt_visitors_of_a_local_network() -> None:
    servers = (ROOT / "docker-compose.yml").read_text()
    assert "192.168.0.0/16" not in servers and "10.0.0.0/8" not in servers
