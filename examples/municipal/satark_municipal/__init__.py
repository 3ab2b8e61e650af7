"""A questionnaire about corruption in a municipal corporation, in Marathi, for Satark. It holds no code."""
