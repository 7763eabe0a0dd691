"""`python -m publish_server`"""

from publish_server.main import main

main()
