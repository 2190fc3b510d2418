"""What Rasa is given: a whole Rasa 3.6 project, and the flows as CALM YAML. Nothing here imports Rasa."""
