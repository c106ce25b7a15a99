"""An encrypted disk: made of an empty one only, its key in no command line, opened by other nodes at a boot."""

import pytest

from components.remote.script import Script

from .conftest import Done, Sandbox

KEY = "Kq9TheKeyOfTheDisk"
HOME = "/var/lib/foundationdb"
DISK = {
    "NODE": "mx1",
    "DEVICE": "/dev/loop0",  # a block device that nothing here opens
    "DISK_KEY": KEY,
    "ADDRESS": "10.0.0.1",
    "TANG_PORT": "7500",
}

# Only the beginning of the disk is told of; files are compared.
_CMP = """[[ "$*" == *" -n "* ]] || exec /usr/bin/cmp "$@"
{answer}"""


@pytest.fixture
def host(sandbox: Sandbox) -> Sandbox:
    """A host with an empty disk, on which all that is asked about a disk says so."""
    for name in ("systemctl", "mkfs.ext4", "mount", "tangd", "clevis"):
        sandbox.program(name)
    sandbox.program("dpkg-query", "echo 'install ok installed'")
    sandbox.program("mountpoint", "exit 1")
    sandbox.program("wipefs")
    sandbox.program("lsblk", "echo loop0")
    sandbox.program("cmp", _CMP.format(answer=""))
    sandbox.program("blkid", f"cat {sandbox.file('/etc/made')} 2>/dev/null || exit 2")
    state = sandbox.file("/etc/luks", "")
    sandbox.program("mkfs.ext4", f"echo ext4 >{sandbox.file('/etc/made')}")
    sandbox.program(
        "cryptsetup",
        f"""case "$*" in
        *isLuks*) [[ -s {state} ]] ;;
        *luksFormat*) cat >{state} ;;
        *--test-passphrase*) [[ "$(cat)" == "$(head -n 1 {state})" ]] ;;
        *luksDump*) [[ -e {state}.label ]] && echo "Label: $(cat {state}.label)" || echo 'Label: (no label)' ;;
        *config*) echo "${{@: -1}}" >{state}.label ;;
        *open*) cat >/dev/null; ln -sf /dev/loop0 {sandbox.programs}/opened ;;
        esac""",
    )
    return sandbox


def prepare(host: Sandbox, **changed: str) -> Done:
    """The part of the preparing that is about the disk."""
    values = {**DISK, **changed}
    names = ("common", "apt", "host/encrypted", "host/volume")
    library = "\n".join(Script(f"lib/{name}.sh").text for name in names)
    given = "".join(f"{name}='{value}'\n" for name, value in values.items())
    payload = f"{given}{library}\nprepare_volume\n"
    # What is opened lies where the machine has none of its own.
    return host.bash(payload.replace("/dev/mapper/stalwart-cluster-data", f"{host.programs}/opened"))


def test_an_empty_disk_is_encrypted_and_mounted(host: Sandbox) -> None:
    done = prepare(host)
    assert done.code == 0, done.err
    calls = host.calls("cryptsetup")
    assert [call for call in calls if "luksFormat --type luks2" in call and call.endswith("/dev/loop0")]
    assert host.calls("mkfs.ext4")
    assert host.calls("mount") == [HOME]
    (line,) = [text for text in host.file("/etc/fstab").read_text().splitlines() if HOME in text]
    assert "x-systemd.requires=stalwart-cluster-unlock.service" in line
    assert "nofail,_netdev" in line
    assert "clevis luks unlock -d /dev/loop0" in host.file("/usr/local/lib/stalwart-cluster/unlock").read_text()


def test_the_key_is_in_no_command_line_no_file_and_no_word(host: Sandbox) -> None:
    done = prepare(host)
    assert done.code == 0
    assert KEY not in done.err + done.out
    assert not [call for call in host.calls("cryptsetup") if KEY in call]
    for path in ("/etc/fstab", "/usr/local/lib/stalwart-cluster/unlock"):
        assert KEY not in host.file(path).read_text()


@pytest.mark.parametrize(
    ("program", "body", "told"),
    [
        ("wipefs", "echo ext4", "holds something: ext4"),
        ("lsblk", "printf 'sdb\\nsdb1\\n'", "is in use or has parts"),
        ("cmp", _CMP.format(answer="exit 1"), "its first 16 MiB are not all zero"),
    ],
)
def test_a_disk_that_holds_anything_is_refused_and_not_formatted(
    host: Sandbox, program: str, body: str, told: str
) -> None:
    host.program(program, body)
    done = prepare(host)
    assert done.code == 1
    assert told in done.err
    assert not [call for call in host.calls("cryptsetup") if "luksFormat" in call]
    assert not host.calls("mkfs.ext4")


def test_a_disk_of_another_stack_is_not_touched(host: Sandbox) -> None:
    host.file("/etc/luks", "another key")
    done = prepare(host)
    assert done.code == 1
    assert "is encrypted with another key" in done.err
    assert not host.calls("mkfs.ext4")


def test_a_disk_whose_making_was_interrupted_is_finished(host: Sandbox) -> None:
    host.file("/etc/luks", KEY)
    assert prepare(host).code == 0
    assert not [call for call in host.calls("cryptsetup") if "luksFormat" in call]
    assert host.calls("mkfs.ext4")


def test_a_finished_disk_is_opened_and_gets_no_other_file_system(host: Sandbox) -> None:
    assert prepare(host).code == 0
    made = len(host.calls("mkfs.ext4"))
    assert prepare(host).code == 0
    assert len(host.calls("mkfs.ext4")) == made
    host.file("/etc/made").unlink()
    done = prepare(host)
    assert (done.code, len(host.calls("mkfs.ext4"))) == (1, made)
    assert "the file system on /dev/loop0 is damaged" in done.err


@pytest.mark.parametrize(
    ("key", "source", "told"),
    [
        (KEY, "/dev/sdb", "lie in clear on /dev/sdb, and the stack file wants them encrypted"),
        (
            "",
            "/dev/mapper/stalwart-cluster-data",
            "lie encrypted on /dev/loop0, and the stack file wants them in clear",
        ),
    ],
)
def test_data_that_are_there_stay_as_they_are(host: Sandbox, key: str, source: str, told: str) -> None:
    host.program("mountpoint")
    source = source.replace("/dev/mapper/stalwart-cluster-data", f"{host.programs}/opened")
    host.program("findmnt", f"echo {source}")
    done = prepare(host, DISK_KEY=key)
    assert done.code == 1
    assert told in done.err
    assert not host.calls("cryptsetup")


def test_a_database_on_the_hosts_own_disk_is_not_covered(host: Sandbox) -> None:
    host.file(f"{HOME}/data/4500/storage", "x")
    done = prepare(host)
    assert done.code == 1
    assert "holds data and is not on the volume" in done.err
    assert not host.calls("cryptsetup")


SHARES = {
    "NODE": "mx1",
    "DEVICE": "/dev/loop0",
    "DISK_KEY": KEY,
    "SHARES": "10.0.0.2 AAA\n10.0.0.3 BBB",
    "THRESHOLD": "1",
    "TANG_PORT": "7500",
}


@pytest.fixture
def shared(sandbox: Sandbox) -> Sandbox:
    """A host with an encrypted disk; slots are the lines of a file."""
    slots = sandbox.file("/etc/slots", "")
    sandbox.program(
        "clevis",
        f"""case "$2" in
        list) sed 's/$/: sss x/' {slots} ;;
        bind) cat >/dev/null; echo "$(($(tail -n 1 {slots} || echo 0) + 1))" >>{slots} ;;
        pass) echo secret-of-the-slot ;;
        unbind) sed -i "/^${{@: -1}}$/d" {slots} ;;
        esac""",
    )
    sandbox.program("cryptsetup", "cat >/dev/null")
    sandbox.file("/var/lib/stalwart-cluster/here", "")
    return sandbox


def test_other_nodes_known_by_their_thumbprints_open_the_disk(shared: Sandbox) -> None:
    done = shared.run("host/unlock.sh", **SHARES)
    assert done.code == 0, done.err
    (bind,) = [call for call in shared.calls("clevis") if call.startswith("luks bind")]
    assert '{"t": 1, "pins": {"tang": [{"url": "http://10.0.0.2:7500", "thp": "AAA"}, {"url"' in bind
    assert KEY not in bind
    assert "secret-of-the-slot" not in done.err + done.out


def test_who_opens_it_already_is_not_asked_again(shared: Sandbox) -> None:
    assert shared.run("host/unlock.sh", **SHARES).code == 0
    before = len(shared.calls("clevis"))
    assert shared.run("host/unlock.sh", **SHARES).code == 0
    assert [call.split()[1] for call in shared.calls("clevis")[before:]] == ["list"]


def test_another_node_or_machine_replaces_the_former_way_once_the_new_one_was_tried(shared: Sandbox) -> None:
    assert shared.run("host/unlock.sh", **SHARES).code == 0
    assert shared.run("host/unlock.sh", **{**SHARES, "SHARES": "10.0.0.2 AAA\n10.0.0.3 NEW"}).code == 0
    assert shared.file("/etc/slots").read_text().split() == ["2"]


def test_the_former_way_stays_when_the_new_one_does_not_open_the_disk(shared: Sandbox) -> None:
    assert shared.run("host/unlock.sh", **SHARES).code == 0
    shared.program("cryptsetup", "cat >/dev/null; exit 2")
    done = shared.run("host/unlock.sh", **{**SHARES, "SHARES": "10.0.0.2 AAA\n10.0.0.3 NEW"})
    assert done.code == 1
    assert "do not open /dev/loop0" in done.err
    assert "1" in shared.file("/etc/slots").read_text().split()


def test_a_node_that_does_not_answer_is_told_of(shared: Sandbox) -> None:
    shared.program("clevis", '[[ "$2" == list ]] || { cat >/dev/null; exit 1; }')
    done = shared.run("host/unlock.sh", **SHARES)
    assert done.code == 1
    assert "the other nodes did not give their parts of the key" in done.err
    assert not shared.file("/var/lib/stalwart-cluster/unlocked-by").exists()
